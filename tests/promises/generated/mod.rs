//! What `cargo xtask codegen` made of the simulator's dictionary; `the_dictionary_is_read` compares it with what it would make now.

#[rustfmt::skip]
#[allow(unreachable_pub, dead_code, reason = "generated for a module that the world sees, and used in part")]
pub(crate) mod incident;
