//! Each section of `docs/servicenow-behaviour.md` has a test, or is listed in `LEFT_OUT`.

use crate::{
    access, aggregates, assertions, attachment_rules, attachments, authentication, batches, business_rules,
    change_tracking, changes, consent, corrected_facts, errors, garbage_values, guesses, imports,
    integration_tables, limits, login_modes, meanwhile, not_simulated, paging, queries, samples, schema,
    table_api, ui_apis, values, wire,
};
use std::collections::BTreeSet;

type Test = (&'static str, fn());

macro_rules! tests {
    ($($module:ident :: $test:ident),* $(,)?) => { &[$((stringify!($module::$test), $module::$test as fn())),*] };
}

/// Sections of the facts against the tests that show them. The tests are named, so that one that is gone does not compile.
const FACTS: &[(&str, &[Test])] = &[
    (
        "1.1",
        tests![
            table_api::paths_versions_and_statuses,
            table_api::put_and_patch_change_only_what_is_given,
            table_api::bodies_are_read_leniently,
            table_api::a_post_may_stand_for_another_method
        ],
    ),
    (
        "1.2",
        tests![
            table_api::fields_limit_and_offset,
            table_api::names_and_values_are_filters,
            table_api::sys_fields_may_be_given_on_request,
            values::display_values_may_be_written
        ],
    ),
    ("1.3", tests![table_api::statuses_by_case, schema::the_dictionary_is_for_administrators]),
    (
        "1.4",
        tests![
            table_api::headers_of_a_list,
            table_api::ids_come_from_one_generator,
            samples::the_headers_of_a_list,
            samples::headers_of_a_new_and_of_a_used_session
        ],
    ),
    ("1.5", tests![paging::the_link_header_and_its_quirk, samples::the_headers_of_a_list]),
    (
        "1.6",
        tests![
            values::references_in_all_six_forms,
            values::every_field_is_an_object_with_all,
            values::times_in_the_users_zone_and_format,
            values::durations_journals_lists_and_choices,
            values::classes_and_inheritance,
            values::a_class_shows_the_label_of_its_table,
            values::an_entry_of_a_journal_names_its_field,
            values::rules_before_saving
        ],
    ),
    (
        "1.7",
        tests![
            table_api::what_may_not_be_written_is_ignored,
            table_api::string_columns_keep_as_many_characters_as_they_have,
            table_api::a_change_that_changes_nothing_leaves_no_trace,
            garbage_values::numbers_and_booleans_keep_what_they_have,
            garbage_values::dates_are_read_leniently
        ],
    ),
    ("1.8", tests![table_api::head_is_get_without_a_body]),
    (
        "1.9",
        tests![
            access::rows_fields_and_writes,
            access::a_dictionary_may_be_hidden_in_part,
            aggregates::refusals,
            schema::the_dictionary_is_for_administrators
        ],
    ),
    ("1.10", tests![limits::urls_and_bodies]),
    (
        "2.1",
        tests![
            queries::every_operator,
            queries::text_search_related_lists_and_joins,
            queries::what_is_not_simulated_says_so
        ],
    ),
    ("2.2", tests![queries::precedence]),
    ("2.3", tests![queries::carets]),
    ("2.4", tests![queries::empty_values]),
    (
        "2.5",
        tests![
            queries::invalid_queries_widen,
            access::a_query_on_a_hidden_field,
            business_rules::related_lists_of_what_does_not_exist_are_dropped
        ],
    ),
    ("2.6", tests![queries::dates_and_their_functions, business_rules::a_script_names_the_user]),
    ("3.1", tests![errors::one_envelope, errors::messages_may_come_in_another_language]),
    (
        "3.2",
        tests![
            authentication::every_401_looks_alike,
            attachment_rules::strangers_are_forbidden,
            samples::errors
        ],
    ),
    (
        "3.3",
        tests![
            errors::refusals_of_writes,
            errors::a_write_may_lie,
            business_rules::a_rule_aborts_the_writes_that_meet_its_condition,
            business_rules::a_data_policy_looks_at_the_record_that_would_be
        ],
    ),
    ("3.4", tests![errors::cancelled_in_every_shape]),
    ("3.5", tests![limits::one_request_at_a_time_in_a_session]),
    (
        "3.6",
        tests![errors::an_instance_that_does_not_answer, errors::a_gateway_responds_in_place_of_the_instance],
    ),
    (
        "4.1",
        tests![
            authentication::five_grants,
            authentication::one_refusal_for_every_cause,
            assertions::the_audience_and_the_clock_of_an_assertion,
            login_modes::a_scoped_token_is_good_for_its_apis,
            samples::the_token_answer
        ],
    ),
    (
        "4.2",
        tests![
            authentication::the_same_token_until_it_ends,
            login_modes::a_rotated_refresh_token_is_good_once
        ],
    ),
    (
        "4.3",
        tests![
            consent::a_person_logs_in_consents_and_is_sent_back_with_a_code,
            consent::who_denies_is_sent_back_with_an_error,
            consent::what_cannot_be_given_is_a_page_that_says_why,
            consent::a_redirect_that_is_not_registered_is_replaced_by_the_first_that_is
        ],
    ),
    ("4.4", tests![authentication::revocation]),
    (
        "4.5",
        tests![
            authentication::api_keys,
            authentication::cookies_need_the_token_against_forgery,
            login_modes::access_policies_choose_the_ways_to_log_in,
            batches::policies_and_scopes_hold_for_each_item
        ],
    ),
    (
        "4.6",
        tests![
            authentication::basic_may_be_restricted,
            login_modes::basic_is_restricted_by_kind_of_account,
            login_modes::a_restriction_may_only_be_tracked,
            login_modes::a_second_factor_is_appended_to_the_password,
            login_modes::an_account_for_web_services_has_no_way_in_by_browser,
            consent::a_wrong_login_is_the_page_again
        ],
    ),
    (
        "5",
        tests![
            attachments::uploads_come_back_byte_for_byte,
            attachments::a_form_has_its_file_last,
            attachments::lists_have_a_limit_of_their_own,
            attachments::a_download_tells_of_its_file,
            attachments::renamed_and_deleted,
            attachments::notes_on_a_file,
            attachment_rules::pending_until_it_was_scanned,
            attachment_rules::refusals,
            attachment_rules::what_a_record_allows_holds_for_its_files,
            attachment_rules::limits_of_the_instance,
            samples::attachments
        ],
    ),
    (
        "6",
        tests![
            aggregates::without_groups_it_is_an_object,
            aggregates::the_same_queries_select_the_rows,
            aggregates::groups_have_their_fields_beside_them,
            aggregates::display_values_of_groups,
            aggregates::having_and_order,
            aggregates::refusals,
            samples::aggregates
        ],
    ),
    (
        "7.1",
        tests![
            batches::items_run_in_order_for_the_user_of_the_whole,
            batches::ids_bodies_and_headers_of_items,
            batches::what_a_limit_leaves_is_not_serviced,
            batches::policies_and_scopes_hold_for_each_item,
            batches::refusals,
            samples::a_batch
        ],
    ),
    (
        "7.2",
        tests![
            imports::one_row_is_transformed_at_once,
            imports::a_row_that_fails_is_told_of_in_a_201,
            imports::many_rows_are_transformed_later,
            imports::sets_wait_for_others,
            imports::strings_only,
            imports::refusals_and_purges,
            samples::imports
        ],
    ),
    (
        "7.3",
        tests![
            table_api::scripted_apis_answer_as_they_like,
            not_simulated::every_api_of_an_instance_is_501_with_a_list,
            not_simulated::xml_is_501_and_never_json,
            not_simulated::a_test_provides_what_is_missing,
            schema::the_dictionary_is_there_as_rows,
            changes::a_product_api_has_a_form_of_its_own,
            changes::lists_end_with_an_element_that_is_no_record,
            samples::next_states_of_a_change
        ],
    ),
    ("7.4", tests![integration_tables::tables_have_their_columns_and_parents]),
    (
        "7.5",
        tests![
            ui_apis::who_is_logged_in,
            ui_apis::columns_of_a_table,
            ui_apis::tables_of_the_instance,
            ui_apis::a_tiny_url_stands_for_its_parameters
        ],
    ),
    ("8.1", tests![limits::rate_rules]),
    ("8.2", tests![limits::a_pool_and_its_queue]),
    (
        "8.3",
        tests![limits::one_request_at_a_time_in_a_session, limits::a_session_begins_without_cookies_and_ends],
    ),
    (
        "9",
        tests![
            paging::limits_come_before_access_rules,
            paging::a_keyset_walk_reads_each_row_once,
            meanwhile::records_change_between_two_requests
        ],
    ),
    ("10.2", tests![authentication::cookies_need_the_token_against_forgery]),
    (
        "13.2",
        tests![
            assertions::assertions_by_every_algorithm,
            assertions::a_public_key_is_no_secret,
            assertions::an_assertion_has_the_claims_that_are_required,
            assertions::a_public_client_is_named_by_its_assertion,
            assertions::administrators_get_no_token_by_an_assertion,
            login_modes::a_role_may_be_needed_for_a_token,
            login_modes::a_second_factor_in_the_password_grant,
            login_modes::a_script_recognizes_users,
        ],
    ),
    (
        "13.3",
        tests![
            change_tracking::updates_within_one_second_differ_by_their_count,
            change_tracking::a_deletion_is_noted_and_a_journal_has_no_time_of_change
        ],
    ),
    ("12", tests![guesses::every_guess_is_told, guesses::what_is_known_is_no_guess]),
    ("11", tests![wire::faults_of_an_answer, wire::faults_of_a_connection, wire::compression_and_chunks]),
];

/// The facts of section 13.1 by their numbers, each with the test that is named after it.
const CORRECTED: &[(&str, &[Test])] = &[
    ("1", tests![corrected_facts::a_file_comes_whatever_accept_says]),
    ("2", tests![corrected_facts::flags_take_any_case]),
    ("3", tests![corrected_facts::the_attachment_list_takes_names_and_values]),
    ("4", tests![corrected_facts::a_sys_id_in_a_post_is_honored]),
    ("5", tests![corrected_facts::priority_is_computed_in_some_classes_only]),
    ("6", tests![corrected_facts::a_new_change_is_in_state_minus_five]),
    ("7", tests![corrected_facts::keys_come_in_the_order_that_was_asked_for]),
    ("8", tests![corrected_facts::a_post_without_a_body_makes_a_record_of_defaults]),
    ("9", tests![corrected_facts::date_times_are_normalized_on_write]),
    ("10", tests![corrected_facts::choices_are_the_rows_of_sys_choice]),
    ("11", tests![corrected_facts::lists_of_the_change_api_end_with_meta_and_have_no_order]),
    ("12", tests![corrected_facts::a_password_that_is_set_reads_as_stars]),
    ("13", tests![corrected_facts::a_users_own_row_rules_zone_and_format]),
    ("14", tests![corrected_facts::catalog_variables_keep_their_case]),
    ("15", tests![corrected_facts::paths_that_are_rarely_documented_exist]),
];

/// What the simulator does not claim, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    ("0", "a summary of the others"),
    ("8.4", "advice to clients"),
    ("10.1", "domains and the platform's own rules are not simulated"),
    ("10.3", "advice to clients"),
    ("13.1", "shown one by one, see CORRECTED"),
];

/// The sections into which everything that was collected about the service falls.
const ALL: &str = "0 1.1 1.2 1.3 1.4 1.5 1.6 1.7 1.8 1.9 1.10 2.1 2.2 2.3 2.4 2.5 2.6 3.1 3.2 3.3 3.4 3.5 3.6 4.1 4.2 4.3 4.4 4.5 4.6 \
    5 6 7.1 7.2 7.3 7.4 7.5 8.1 8.2 8.3 8.4 9 10.1 10.2 10.3 11 12 13.1 13.2 13.3";

#[test]
fn every_section_is_shown_or_left_out_for_a_reason() {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/servicenow-behaviour.md"))
            .unwrap();
    let numbered =
        text.lines().filter_map(|line| line.strip_prefix("### ").or_else(|| line.strip_prefix("## ")));
    let sections: Vec<&str> =
        numbered.map(|heading| heading.split(' ').next().unwrap().trim_end_matches('.')).collect();
    // A part with sections of its own is shown by them.
    let leaf = |section: &&&str| !sections.iter().any(|other| other.starts_with(&format!("{section}.")));
    let written: BTreeSet<&str> = sections.iter().filter(leaf).copied().collect();
    let shown: BTreeSet<&str> = FACTS
        .iter()
        .map(|(section, _)| *section)
        .chain(LEFT_OUT.iter().map(|(section, _)| *section))
        .collect();
    assert_eq!(ALL.split_whitespace().collect::<BTreeSet<_>>(), shown);
    assert!(written.is_subset(&shown), "{:?}", written.difference(&shown));
    assert!(FACTS.iter().all(|(_, tests)| !tests.is_empty()));
}

#[test]
fn every_corrected_fact_has_a_test_of_its_own() {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/servicenow-behaviour.md"))
            .unwrap();
    let section = text.split("\n### 13.1 ").nth(1).unwrap().split("\n##").next().unwrap();
    let numbered = section.lines().filter_map(|line| line.split_once(". "));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let written: Vec<&str> = numbered.map(|(number, _)| number).filter(|number| is_number(number)).collect();
    let shown: Vec<&str> = CORRECTED.iter().map(|(number, _)| *number).collect();
    assert_eq!((written.len(), &written), (15, &shown));
    let tests: BTreeSet<&str> =
        CORRECTED.iter().flat_map(|(_, tests)| *tests).map(|(name, _)| *name).collect();
    assert_eq!(tests.len(), 15, "each fact has its own");
}
