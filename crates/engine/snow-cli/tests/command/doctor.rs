//! `snow doctor` says what a login may do, by each way of logging in.

use crate::instance::{Folder, Instance, Ran, SECRET, program};
use snow_sim::{OAuthApplication, Simulator, User};

#[test]
fn a_user_sees_what_works_and_what_does_not() {
    let reader = User::new("reader", SECRET).role("itil").time_zone("Europe/Berlin");
    let instance = Instance::of(Simulator::builder().user_with(reader));
    let report = instance.run(&["doctor"]).succeeded();
    assert!(report.contains("user                   admin (") && report.contains("responds"), "{report}");
    let told = Ran::of(instance.snow(&["doctor"]).env("SNOW_USER", "reader").output().unwrap()).succeeded();
    assert!(told.contains("time zone              Europe/Berlin"), "{told}");
    assert!(told.contains("release                unknown: "), "{told}");
}

/// The environment names the login in each of the ways that `--help` lists; a file may have the secret.
#[test]
fn every_way_to_log_in_works() {
    let application = OAuthApplication::new("app", SECRET).acts_as("admin");
    let builder = Simulator::builder().api_key(SECRET, "admin").oauth_application(application);
    let instance = Instance::of(builder.settings(|settings| settings.grants.client_credentials = true));
    let folder = Folder::new("logins");
    let (secret, store) = (folder.file("secret"), folder.file("token"));
    std::fs::write(&secret, format!("{SECRET}\n")).unwrap();
    for login in [
        &[("SNOW_USER", "admin"), ("SNOW_PASSWORD_FILE", &*secret)][..],
        &[("SNOW_API_KEY", SECRET)],
        &[("SNOW_CLIENT_ID", "app"), ("SNOW_CLIENT_SECRET", SECRET)],
        &[
            ("SNOW_CLIENT_ID", "app"),
            ("SNOW_CLIENT_SECRET_FILE", &*secret),
            ("SNOW_USER", "admin"),
            ("SNOW_PASSWORD", SECRET),
            ("SNOW_TOKEN_STORE", &*store),
        ],
    ] {
        let mut command = program(&["doctor", "--instance", &instance.url()]);
        // --instance takes the place of the variable.
        command.env("SNOW_INSTANCE", "http://localhost:1").envs(login.iter().copied());
        let report = Ran::of(command.output().unwrap()).succeeded();
        assert!(report.contains("user                   admin ("), "{login:?}: {report}");
    }
    assert_eq!(instance.simulator.token_requests(), 2);
    assert!(std::fs::read_to_string(store).unwrap().contains("access_token"));
}
