//! What is done in Redis, each step as one script, so that nothing comes between its parts.
//!
//! Under one hash tag, and so in one slot of a cluster, are these keys:
//!
//! | key | content |
//! |---|---|
//! | `{place}:token` | the token |
//! | `{place}:failure` | the refresh that failed last; it expires |
//! | `{place}:lease` | who may refresh the token now; it expires |
//! | `{place}:holder` | who had the lease last. It stays when the lease expires, and so tells whether somebody else has had it since |
//!
//! Each script does the same if it is run twice, because a response may be lost with its connection.

/// A script with the keys that it takes, in order.
pub(crate) struct Script {
    pub(crate) text: &'static str,
    pub(crate) keys: &'static [&'static str],
}

/// Arguments: the lease's id, its length in ms. Returns 1 if the lease was acquired.
pub(crate) const ACQUIRE: Script = Script {
    keys: &["lease", "holder"],
    text: "\
local lease = redis.call('GET', KEYS[1])
if lease and lease ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SET', KEYS[2], ARGV[1])
return 1",
};

/// Arguments: the lease's id, its length in ms. Never shortens the lease. One that has expired is acquired again if nobody else has had
/// it. Returns 0 if somebody has.
pub(crate) const EXTEND: Script = Script {
    keys: &["lease", "holder"],
    text: "\
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return 1",
};

/// Argument: the lease's id.
pub(crate) const RELEASE: Script = Script {
    keys: &["lease"],
    text: "\
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1",
};

/// Arguments: the lease's id, the token. Returns 0 if somebody else has had the lease since. In a database that was emptied meanwhile
/// there is nothing that the token could replace. Ends the lease: a process may end before it can return it.
pub(crate) const SAVE: Script = Script {
    keys: &["token", "failure", "lease", "holder"],
    text: "\
local holder = redis.call('GET', KEYS[4])
if holder ~= ARGV[1] and (holder or redis.call('EXISTS', KEYS[1]) == 1) then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('SET', KEYS[4], ARGV[1])
redis.call('DEL', KEYS[2])
if redis.call('GET', KEYS[3]) == ARGV[1] then redis.call('DEL', KEYS[3]) end
return 1",
};

/// Argument: the lease's id. Returns 0 if somebody else has had the lease since.
pub(crate) const REMOVE: Script = Script {
    keys: &["token", "failure", "lease", "holder"],
    text: "\
local holder = redis.call('GET', KEYS[4])
if holder ~= ARGV[1] and (holder or redis.call('EXISTS', KEYS[1]) == 1) then return 0 end
redis.call('DEL', KEYS[1], KEYS[2])
if redis.call('GET', KEYS[3]) == ARGV[1] then redis.call('DEL', KEYS[3]) end
return 1",
};

/// Arguments: the lease's id, the failure, for how many ms it is kept. Returns 0 if somebody else has had the lease since.
pub(crate) const SAVE_FAILURE: Script = Script {
    keys: &["failure", "holder"],
    text: "\
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1",
};

/// Returns the name of a key in Redis. All keys of a place have one hash tag.
pub(crate) fn key(place: &str, name: &str) -> String {
    format!("{{{place}}}:{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_script_names_the_keys_that_it_takes_and_no_others() {
        for script in [ACQUIRE, EXTEND, RELEASE, SAVE, REMOVE, SAVE_FAILURE] {
            for number in 1..=6 {
                let named = script.text.contains(&format!("KEYS[{number}]"));
                assert_eq!(named, number <= script.keys.len(), "KEYS[{number}] in {}", script.text);
            }
        }
        assert_eq!(key("snow:prod", "token"), "{snow:prod}:token");
    }
}
