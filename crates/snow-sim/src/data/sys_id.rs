//! Ids as one generator of an instance makes them (facts 1.4).

/// Twelve hexadecimal digits that vary, four of the release, sixteen that are the instance's own.
#[derive(Debug, Default)]
pub(crate) struct Generator {
    made: u64,
}

impl Generator {
    pub(crate) fn sys_id(&mut self) -> String {
        format!("{}1010774cd7492799b6b1", self.twelve())
    }

    fn twelve(&mut self) -> String {
        self.made += 1;
        format!("{:012x}", scramble(self.made) & 0xFFFF_FFFF_FFFF)
    }

    pub(crate) fn transaction_id(&mut self) -> String {
        self.twelve()
    }
}

/// A fixed mixing of bits (the finalizer of splitmix64): one to one, so no id comes twice before 2^48 of them.
pub(crate) fn scramble(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
