//! What surrounds the examples of docs/testing.md: see tests/guide_blocks.rs.

//- under The code to test
//- block

//- under The tests
//= The code to test
//- block
