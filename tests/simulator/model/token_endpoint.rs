//! The token endpoint (facts 4.1, 4.2 and 4.4): which token a grant gets, for how long it is good, and what is refused.

use super::exchange::{Answer, Ask, Compared, fail, form, same};
use super::instance::Who;
use super::world::{World, builder};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::json;
use snow_sim::Guess;
use std::cell::RefCell;
use std::collections::BTreeSet;

const ACCESS_LIFETIME: i64 = 1_800;
const REFRESH_LIFETIME: i64 = 8_640_000;
/// Id, secret, and whom the client acts for by itself.
const CLIENTS: [(&str, &str, Option<&str>); 3] = [
    ("my-id", "my-secret", None),
    ("other-id", "other-secret", None),
    ("machine", "its-secret", Some("reader")),
];

#[derive(Clone, Debug)]
enum Step {
    Grant {
        client: usize,
        secret_is_right: bool,
        grant: Grant,
        place: Place,
    },
    /// A request of the Table API with a token that was issued, or with one that never was.
    Use(Option<Index>),
    Revoke {
        token: Option<Index>,
        refresh: bool,
    },
    Wait(u32),
    LockOut(bool),
}

#[derive(Clone, Debug)]
enum Grant {
    Password { user: &'static str, password: &'static str },
    Refresh(Option<Index>),
    ClientCredentials,
    Unknown,
    Nothing,
}

/// Where the parameters are.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Body,
    Query,
    /// The client's id and secret by HTTP Basic.
    BasicHeader,
}

/// What a client has got for a user.
#[derive(Clone, Debug)]
struct Issued {
    client: usize,
    user: &'static str,
    access: String,
    access_ends: i64,
    refresh: Option<String>,
    refresh_ends: i64,
    /// What became of the others of this client and user when one of them was revoked is not known.
    revoked: bool,
}

#[derive(Debug, Default)]
struct Tokens {
    issued: Vec<Issued>,
    locked_out: bool,
}

#[test]
fn random_requests_of_the_token_endpoint() {
    let tokens = RefCell::new(Tokens::default());
    let world = || {
        *tokens.borrow_mut() = Tokens::default();
        let builder = builder()
            .oauth_client(CLIENTS[0].0, CLIENTS[0].1)
            .oauth_client(CLIENTS[1].0, CLIENTS[1].1)
            .oauth_client_as(CLIENTS[2].0, CLIENTS[2].1, "reader")
            .settings(|settings| settings.grants.client_credentials = true);
        World::of(builder)
    };
    let seen = super::compare("Token", steps(), world, async |world, step| {
        run(world, step, &mut tokens.borrow_mut()).await
    });
    for kind in ["Grant 200", "Grant 401", "Use 200", "Use 401", "Revoke 200"] {
        assert!(seen.contains_key(&format!("Token {kind}")), "no {kind} in {seen:?}");
    }
}

fn steps() -> impl Strategy<Value = Step> + Clone {
    let password = (
        select(vec!["admin", "admin", "reader", "nobody"]),
        select(vec!["secret", "secret", "secret", "wrong"]),
    )
        .prop_map(|(user, password)| Grant::Password { user, password });
    let grant = prop_oneof![
        5 => password,
        5 => prop::option::weighted(0.9, any::<Index>()).prop_map(Grant::Refresh),
        2 => Just(Grant::ClientCredentials),
        1 => Just(Grant::Unknown),
        1 => Just(Grant::Nothing),
    ];
    let place = prop_oneof![8 => Just(Place::Body), 1 => Just(Place::Query), 2 => Just(Place::BasicHeader)];
    let grant = (0..CLIENTS.len(), prop::bool::weighted(0.9), grant, place).prop_map(
        |(client, secret_is_right, grant, place)| Step::Grant { client, secret_is_right, grant, place },
    );
    let revoke = (prop::option::weighted(0.8, any::<Index>()), any::<bool>())
        .prop_map(|(token, refresh)| Step::Revoke { token, refresh });
    prop_oneof![
        8 => grant,
        3 => prop::option::weighted(0.9, any::<Index>()).prop_map(Step::Use),
        1 => revoke,
        3 => prop_oneof![5 => 1..2_000_u32, 1 => 8_000_000..9_000_000_u32].prop_map(Step::Wait),
        1 => any::<bool>().prop_map(Step::LockOut),
    ]
}

async fn run(world: &mut World, step: &Step, tokens: &mut Tokens) -> Compared {
    match step {
        Step::Wait(seconds) => {
            world.wait(*seconds);
            Ok(())
        }
        Step::LockOut(locked) => {
            world.simulator.lock_out("reader", *locked);
            tokens.locked_out = *locked;
            Ok(())
        }
        Step::Use(at) => use_token(world, at.as_ref(), tokens).await,
        Step::Revoke { token, refresh } => revoke(world, token.as_ref(), *refresh, tokens).await,
        Step::Grant { client, secret_is_right, grant, place } => {
            let answer = world.send(&ask(tokens, *client, *secret_is_right, grant, *place)).await;
            world.compared(format!("Token Grant {}", answer.status));
            let compared = check(world, tokens, *client, *secret_is_right, grant, *place, &answer);
            answer.in_context(compared)
        }
    }
}

fn ask(tokens: &Tokens, client: usize, secret_is_right: bool, grant: &Grant, place: Place) -> Ask {
    let (id, secret, _) = CLIENTS[client];
    let secret = if secret_is_right { secret } else { "wrong" };
    let mut fields = match grant {
        Grant::Password { user, password } => {
            vec![("grant_type", "password"), ("username", user), ("password", password)]
        }
        Grant::Refresh(at) => {
            vec![("grant_type", "refresh_token"), ("refresh_token", refresh_token(tokens, at.as_ref()))]
        }
        Grant::ClientCredentials => vec![("grant_type", "client_credentials")],
        Grant::Unknown => vec![("grant_type", "magic")],
        Grant::Nothing => vec![],
    };
    if place != Place::BasicHeader {
        fields.extend([("client_id", id), ("client_secret", secret)]);
    }
    let fields: Vec<(String, String)> =
        fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let mut ask = Ask::new(Who::Nobody, "POST", "/oauth_token.do")
        .header("content-type", "application/x-www-form-urlencoded");
    match place {
        Place::Query => ask.parameters = fields,
        _ => ask.body = form(&fields).into_bytes(),
    }
    if place == Place::BasicHeader {
        use base64::{Engine, prelude::BASE64_STANDARD};
        ask = ask
            .header("authorization", format!("Basic {}", BASE64_STANDARD.encode(format!("{id}:{secret}"))));
    }
    ask
}

fn refresh_token<'a>(tokens: &'a Tokens, at: Option<&Index>) -> &'a str {
    let all: Vec<&str> = tokens.issued.iter().filter_map(|issued| issued.refresh.as_deref()).collect();
    match at {
        Some(at) if !all.is_empty() => all[at.index(all.len())],
        _ => "never-issued",
    }
}

fn refused(answer: &Answer) -> Compared {
    same("status", answer.status, 401)?;
    same("body", &answer.json()?, &json!({ "error_description": "access_denied", "error": "server_error" }))
}

fn check(
    world: &World,
    tokens: &mut Tokens,
    client: usize,
    secret_is_right: bool,
    grant: &Grant,
    place: Place,
    answer: &Answer,
) -> Compared {
    let now = world.instance.now;
    if place == Place::BasicHeader {
        answer.depends_on(&BTreeSet::from([Guess::ClientByBasic]))?;
    }
    // Parameters come in the body only.
    if !secret_is_right || place == Place::Query {
        return refused(answer);
    }
    let is_locked = |user: &str| user == "reader" && tokens.locked_out;
    let (user, refreshes) = match grant {
        Grant::Password { user, password }
            if *user != "nobody" && *password == "secret" && !is_locked(user) =>
        {
            (*user, false)
        }
        Grant::ClientCredentials => match CLIENTS[client].2 {
            // Whether a client gets a token for a user who is locked out, the facts do not say.
            Some(user) if is_locked(user) => return Ok(()),
            Some(user) => (user, false),
            None => return refused(answer),
        },
        Grant::Refresh(at) => {
            let token = refresh_token(tokens, at.as_ref()).to_owned();
            let Some(issued) =
                tokens.issued.iter().rev().find(|issued| issued.refresh.as_ref() == Some(&token))
            else {
                return refused(answer);
            };
            if issued.revoked {
                return Ok(());
            }
            if issued.client != client || issued.refresh_ends <= now {
                return refused(answer);
            }
            if is_locked(issued.user) {
                answer.depends_on(&BTreeSet::from([Guess::RefreshOfLockedUser]))?;
            }
            (issued.user, true)
        }
        _ => return refused(answer),
    };
    granted(tokens, client, user, refreshes, matches!(grant, Grant::ClientCredentials), now, answer)
}

/// The same token while it lives, and a new one after that (facts 4.2).
fn granted(
    tokens: &mut Tokens,
    client: usize,
    user: &'static str,
    refreshes: bool,
    without_refresh: bool,
    now: i64,
    answer: &Answer,
) -> Compared {
    same("status", answer.status, 200)?;
    let body = answer.json()?;
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    same("type", text("token_type"), Some("Bearer".to_owned()))?;
    same("scope", text("scope"), Some("useraccount".to_owned()))?;
    let (Some(access), Some(expires_in)) = (text("access_token"), body["expires_in"].as_i64()) else {
        return fail("no token, or no lifetime");
    };
    same("has a refresh token", body.get("refresh_token").is_some(), !without_refresh)?;
    let refresh = text("refresh_token");
    let last = tokens.issued.iter_mut().rev().find(|issued| issued.client == client && issued.user == user);
    match last {
        Some(issued) if issued.revoked => {}
        Some(issued) if issued.access_ends > now => {
            same("access token", &access, &issued.access)?;
            if refreshes {
                let left = issued.access_ends - now;
                if left < ACCESS_LIFETIME {
                    answer.depends_on(&BTreeSet::from([Guess::RemainingLifetime]))?;
                }
                same("lifetime", expires_in, left)?;
                return same("refresh token", &refresh, &issued.refresh);
            }
            if issued.refresh.is_some() && issued.refresh_ends > now && !without_refresh {
                same("refresh token", &refresh, &issued.refresh)?;
            }
            // A grant that is not a refresh extends both.
            issued.access_ends = now + ACCESS_LIFETIME;
            issued.refresh_ends = now + REFRESH_LIFETIME;
            issued.refresh = refresh.or_else(|| issued.refresh.clone());
            return same("lifetime", expires_in, ACCESS_LIFETIME);
        }
        Some(issued) => {
            if access == issued.access {
                return fail("a token that has ended comes again");
            }
            if refreshes {
                same("refresh token", &refresh, &issued.refresh)?;
            }
        }
        None => {}
    }
    same("lifetime", expires_in, ACCESS_LIFETIME)?;
    let refresh_ends = match tokens.issued.iter().rev().find(|issued| issued.refresh == refresh) {
        Some(issued) if refreshes => issued.refresh_ends,
        _ => now + REFRESH_LIFETIME,
    };
    let access_ends = now + ACCESS_LIFETIME;
    tokens.issued.push(Issued { client, user, access, access_ends, refresh, refresh_ends, revoked: false });
    Ok(())
}

async fn use_token(world: &mut World, at: Option<&Index>, tokens: &Tokens) -> Compared {
    let issued = at.filter(|_| !tokens.issued.is_empty()).map(|at| at.get(&tokens.issued));
    let token = issued.map_or("never-issued", |issued| &issued.access);
    let ask = Ask::new(Who::Nobody, "GET", "/api/now/table/u_country")
        .parameter("sysparm_fields", "sys_id")
        .header("authorization", format!("Bearer {token}"));
    let answer = world.send(&ask).await;
    world.compared(format!("Token Use {}", answer.status));
    let compared = match issued {
        Some(issued) if issued.revoked => Ok(()),
        Some(issued)
            if issued.access_ends > world.instance.now && !(issued.user == "reader" && tokens.locked_out) =>
        {
            let rows = answer.json()?["result"].as_array().map(Vec::len);
            answer.is(200).and_then(|()| same("rows", rows, Some(2)))
        }
        _ => super::table_api::unauthenticated(&answer, false),
    };
    answer.in_context(compared)
}

async fn revoke(world: &mut World, at: Option<&Index>, refresh: bool, tokens: &mut Tokens) -> Compared {
    let issued = at.filter(|_| !tokens.issued.is_empty()).map(|at| at.index(tokens.issued.len()));
    let token = match issued.map(|at| &mut tokens.issued[at]) {
        Some(issued) if issued.refresh.is_some() || !refresh => {
            let token =
                if refresh { issued.refresh.clone().unwrap_or_default() } else { issued.access.clone() };
            let (client, user) = (issued.client, issued.user);
            let all = tokens.issued.iter_mut();
            all.filter(|issued| (issued.client, issued.user) == (client, user))
                .for_each(|issued| issued.revoked = true);
            token
        }
        _ => "never-issued".into(),
    };
    // It needs no credentials.
    let answer =
        world.send(&Ask::new(Who::Nobody, "GET", "/oauth_revoke_token.do").parameter("token", &*token)).await;
    world.compared(format!("Token Revoke {}", answer.status));
    let compared = answer
        .depends_on(&BTreeSet::from([Guess::Revocation]))
        .and_then(|()| same("status", answer.status, 200));
    answer.in_context(compared)?;
    if refresh {
        return Ok(());
    }
    // An access token that was revoked is good for nothing.
    let ask = Ask::new(Who::Nobody, "GET", "/api/now/table/u_country")
        .header("authorization", format!("Bearer {token}"));
    let answer = world.send(&ask).await;
    answer.in_context(super::table_api::unauthenticated(&answer, false))
}
