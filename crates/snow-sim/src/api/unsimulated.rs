//! APIs that instances have and the simulator does not: 501 with a list of those that it has, never 400 as for a path that no
//! instance has.

use super::{PAGES, ROUTES};
use crate::response::SimResponse;

/// The APIs of `/api/now` that the documentation or public clients name (facts 7.3).
const NOW: &[&str] = &[
    "account",
    "actsub",
    "agent_intelligence",
    "ai_search",
    "app_service",
    "attachment_csm",
    "awa",
    "cccif",
    "cilifecyclemgmt",
    "clotho",
    "cmdb",
    "connect",
    "consumer",
    "contact",
    "content_delivery",
    "cs",
    "csm",
    "document",
    "dynamic_translation",
    "email",
    "entitlement",
    "export",
    "globalsearch",
    "graphql",
    "guided_tours",
    "hr",
    "identifyreconcile",
    "interaction",
    "lead",
    "live",
    "mcp",
    "mid",
    "mobile",
    "mobileapp",
    "nav",
    "notification",
    "oauth",
    "pa",
    "par",
    "performance_analytics",
    "predictive_intelligence",
    "processflow",
    "push",
    "pushinstallation",
    "related_list_edit",
    "reporting",
    "scim",
    "search",
    "service",
    "sg",
    "social_qa",
    "sp",
    "subscription",
    "syntax_editor",
    "text_search",
    "uxf",
    "v",
    "va",
    "visual_task_board",
    "vtb",
    "web_push",
    "workspace",
];

/// Namespaces of products, or single APIs where those of the namespace are known.
const PRODUCTS: &[&str] = &[
    "alarm",
    "global",
    "mid",
    "oneapi",
    "sn_agent",
    "sn_alarm",
    "sn_apptmnt_booking",
    "sn_atf",
    "sn_cct",
    "sn_cdm",
    "sn_ci_analytics",
    "sn_cicd",
    "sn_cmp",
    "sn_csm",
    "sn_cti_core",
    "sn_customerservice",
    "sn_devops",
    "sn_disco",
    "sn_em_connector",
    "sn_entitlement",
    "sn_fin",
    "sn_grc",
    "sn_hr_core",
    "sn_hr_ws",
    "sn_ind_tmt_orm",
    "sn_ind_tsm_sdwan",
    "sn_int_studio",
    "sn_itom",
    "sn_km_api/knowledge",
    "sn_lead",
    "sn_mobile",
    "sn_openframe",
    "sn_ppm",
    "sn_prd_invt",
    "sn_publications",
    "sn_sam",
    "sn_sc/servicecatalog",
    "sn_sec_cmn",
    "sn_si",
    "sn_sow",
    "sn_ti",
    "sn_tmt_core",
    "sn_uni_req",
    "sn_va_as_service",
    "sn_vul",
    "sn_ws",
];

/// Returns the response to a path that instances have and the simulator does not, or `None` if no instance has it.
pub(super) fn response(path: &str) -> Option<SimResponse> {
    is_known(path).then(|| {
        let apis: Vec<String> =
            ROUTES.iter().map(|(namespace, api, _)| format!("/api/{namespace}/{api}")).collect();
        SimResponse::not_simulated_because(&format!(
            "{path} is not simulated. Simulated are {}. A test can provide others: see Builder::scripted",
            apis.join(", ")
        ))
    })
}

fn is_known(path: &str) -> bool {
    let Some(rest) = path.strip_prefix("/api/") else {
        // SOAP, JSONv2, CSV and other processors that are older than the REST APIs.
        return path.ends_with(".do") && !PAGES.iter().any(|(page, _)| *page == path);
    };
    let mut segments = rest.split('/').filter(|segment| !is_version(segment));
    match segments.next().unwrap_or_default() {
        "now" => segments.next().is_some_and(|api| NOW.contains(&api)),
        namespace => {
            let api = format!("{namespace}/{}", segments.next().unwrap_or_default());
            PRODUCTS.contains(&namespace) || PRODUCTS.contains(&api.as_str())
        }
    }
}

fn is_version(segment: &str) -> bool {
    matches!(segment, "v1" | "v2")
}
