//! A request of the Table API over HTTP.

use super::dictionary::TABLES;
use super::exchange::{Ask, HOST};
use super::forms::{Display, Shape};
use super::instance::Who;
use super::table_request::{
    Action, Listing, Looks, Method, Misplaced, Own, OwnId, TableRequest, Which, Writing,
};
use super::world::World;
use super::writing::{Draft, Form, Input};
use snow_sim::Guess;

/// A sys_id that no record has.
pub(crate) const MISSING: &str = "0123456789abcdef0123456789abcdef";

/// Whether a flag is true: the word `true` in any case (facts 13.1).
pub(crate) fn is_true(flag: Option<&str>) -> bool {
    flag.is_some_and(|word| word.eq_ignore_ascii_case("true"))
}

/// What it takes to read flags: a word that is neither true nor false is false.
pub(crate) fn flag_guess(flags: &[Option<&str>]) -> Option<Guess> {
    let is_odd = |word: &str| !word.eq_ignore_ascii_case("true") && !word.eq_ignore_ascii_case("false");
    flags.iter().flatten().any(|word| is_odd(word)).then_some(Guess::FlagWord)
}

/// A request and what the model needs to judge its response.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) request: TableRequest,
    pub(crate) ask: Ask,
    pub(crate) shape: Shape,
    /// The record in the path.
    pub(crate) id: String,
    /// The body of a write.
    pub(crate) draft: Draft,
}

impl Case {
    /// What it takes to show its records.
    pub(crate) fn look_guess(&self) -> Option<Guess> {
        let Looks { display, exclude_links, .. } = self.request.looks;
        flag_guess(&[display.filter(|word| *word != "all"), exclude_links])
    }

    pub(crate) fn new(world: &World, request: &TableRequest) -> Self {
        let request = &kept_whole(request);
        let base = format!("/api/now/{}", request.version);
        let shape = shape(request, &format!("https://{HOST}{}", base.trim_end_matches('/')));
        let id = match &request.action {
            Action::Get { which, .. } | Action::Change { which, .. } | Action::Delete { which } => {
                id_of(world, request, which)
            }
            _ => String::new(),
        };
        let draft = draft(world, request);
        let ask = ask(world, request, &format!("{base}table/{}", request.table_name()), &id, &draft);
        Self { request: request.clone(), ask, shape, id, draft }
    }
}

/// References of other records to cities and countries stay good: nobody changes or deletes those.
fn kept_whole(request: &TableRequest) -> TableRequest {
    let mut request = request.clone();
    let (who, of) = (request.who, request.table_name());
    let kept = of == "u_country" || (of == "u_city" && who == Who::Admin);
    match &mut request.action {
        Action::Change { draft, .. } if draft.form == Form::Nothing => draft.form = Form::Object,
        Action::Change { which, .. } | Action::Delete { which } if kept => {
            request.action = Action::Get { which: which.clone(), head: false };
        }
        Action::List(Listing { query: Some(query), pairs, .. })
            if !pairs.is_empty() && query.text().is_empty() =>
        {
            pairs.clear();
        }
        _ => {}
    }
    request
}

fn id_of(world: &World, request: &TableRequest, which: &Which) -> String {
    let records = world.instance.records_of(request.table_name());
    match which {
        Which::Known(at) if !records.is_empty() => at.get(&records).id().to_owned(),
        Which::NotHexadecimal => "not-even-hex".into(),
        _ => MISSING.into(),
    }
}

fn shape(request: &TableRequest, base: &str) -> Shape {
    let Looks { fields, display, exclude_links } = &request.looks;
    let display = match display {
        Some(word) if word.eq_ignore_ascii_case("true") => Display::Shown,
        Some("all") => Display::All,
        _ => Display::Stored,
    };
    Shape {
        who: request.who,
        display,
        links: !is_true(*exclude_links),
        base: base.to_owned(),
        fields: fields.as_ref().map(|fields| fields.iter().map(|field| (*field).to_owned()).collect()),
    }
}

/// The request over HTTP.
fn ask(world: &World, request: &TableRequest, table: &str, id: &str, draft: &Draft) -> Ask {
    let (who, record) = (request.who, format!("{table}/{id}"));
    let ask = match &request.action {
        Action::List(listing) => {
            let ask = Ask::new(who, if listing.head { "HEAD" } else { "GET" }, table);
            listing_parameters(ask, listing)
        }
        Action::Get { head, .. } => Ask::new(who, if *head { "HEAD" } else { "GET" }, record),
        Action::Create { how, own_fields, .. } => {
            let mut ask = write(Ask::new(who, "POST", table), world, request, draft, how);
            if own_fields.as_ref().is_some_and(|own| own.stamps) {
                ask = ask.parameter("sysparm_suppress_auto_sys_field", "true");
            }
            ask
        }
        Action::Change { method, how, .. } => {
            let method = match method {
                Method::Put => "PUT",
                Method::Patch => "PATCH",
                Method::Overridden => "POST",
            };
            let ask = write(Ask::new(who, method, record), world, request, draft, how);
            if method == "POST" { ask.header("x-http-method-override", "PATCH") } else { ask }
        }
        Action::Delete { .. } => Ask::new(who, "DELETE", record),
        Action::Misplaced(place) => misplaced(*place, who, table),
        Action::Wait(_) => Ask::new(who, "GET", table),
    };
    looks(ask, &request.looks)
}

fn looks(mut ask: Ask, looks: &Looks) -> Ask {
    if let Some(fields) = &looks.fields {
        ask = ask.parameter("sysparm_fields", fields.join(","));
    }
    for (name, value) in
        [("sysparm_display_value", looks.display), ("sysparm_exclude_reference_link", looks.exclude_links)]
    {
        if let Some(value) = value {
            ask = ask.parameter(name, value);
        }
    }
    ask
}

fn listing_parameters(mut ask: Ask, listing: &Listing) -> Ask {
    if listing.unknown {
        ask = ask.parameter("u_nothing", "a b&c");
    }
    if let Some(query) = &listing.query {
        ask = ask.parameter("sysparm_query", query.text());
    }
    for (name, value) in &listing.pairs {
        ask = ask.parameter(name, *value);
    }
    let rest = [
        ("sysparm_offset", listing.offset),
        ("sysparm_limit", listing.limit),
        ("sysparm_no_count", listing.no_count),
        ("sysparm_suppress_pagination_header", listing.no_links),
    ];
    rest.into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .fold(ask, |ask, (name, value)| ask.parameter(name, value))
}

fn write(mut ask: Ask, world: &World, request: &TableRequest, draft: &Draft, how: &Writing) -> Ask {
    if let Some(word) = how.displayed {
        ask = ask.parameter("sysparm_input_display_value", word);
    }
    if how.quiet {
        ask = ask.header("x-no-response-body", "true");
    }
    let body = draft.body(&world.instance, request.table, is_true(how.displayed), request.who);
    ask.header("content-type", "application/json").header("accept", "application/json").body(body)
}

/// The body of a write, with fields that the instance would fill in itself.
fn draft(world: &World, request: &TableRequest) -> Draft {
    let (draft, own) = match &request.action {
        Action::Create { draft, own_fields, .. } => (draft, own_fields.as_ref()),
        Action::Change { draft, .. } => (draft, None),
        _ => return Draft { values: Vec::new(), form: Form::Nothing },
    };
    let Some(Own { id, .. }) = own else { return draft.clone() };
    let records = world.instance.records_of(request.table_name());
    let id = match id {
        OwnId::Taken(at) if !records.is_empty() => at.get(&records).id().to_owned(),
        OwnId::Taken(_) => MISSING.to_owned(),
        OwnId::New(seed) => {
            let table =
                TABLES.iter().position(|table| table.name == request.table_name()).unwrap_or_default();
            format!("AAbb{table:04}{seed:024X}")
        }
    };
    let mut draft = draft.clone();
    draft.values.retain(|(name, _)| !name.starts_with("sys_"));
    draft.values.push(("sys_id", Input::Own(id)));
    // Without the parameter, only the sys_id counts.
    let stamps = [
        ("sys_created_on", "2001-02-03 04:05:06"),
        ("sys_created_by", "somebody"),
        ("sys_updated_on", "2002-03-04 05:06:07"),
        ("sys_updated_by", "somebody.else"),
    ];
    draft.values.extend(stamps.map(|(name, value)| (name, Input::Meant(value))));
    draft
}

fn misplaced(place: Misplaced, who: Who, table: &str) -> Ask {
    match place {
        Misplaced::TrailingSlash => Ask::new(who, "GET", format!("{table}/")),
        Misplaced::UnknownVersion => Ask::new(who, "GET", "/api/now/v9/table/u_order"),
        Misplaced::TooDeep => Ask::new(who, "GET", format!("{table}/a/b")),
        Misplaced::PostToRecord => Ask::new(who, "POST", format!("{table}/{MISSING}")).body("{}"),
        Misplaced::DeleteTable => Ask::new(who, "DELETE", table),
        Misplaced::OtherNamespace => Ask::new(who, "GET", "/api/nowhere/table/u_order"),
    }
}
