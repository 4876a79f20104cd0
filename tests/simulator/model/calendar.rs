//! Dates and times, from seconds since 1970 to text and back, in the zones and formats of the model's users.

fn days_of_months(year: i64) -> [i64; 12] {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
}

/// Year, month and day, counted in days since 1970.
fn civil(mut days: i64) -> (i64, i64, i64) {
    for year in 1970.. {
        for (month, length) in (1..).zip(days_of_months(year)) {
            if days < length {
                return (year, month, days + 1);
            }
            days -= length;
        }
    }
    unreachable!("years do not end")
}

fn days_until(year: i64, month: usize, day: i64) -> i64 {
    let years: i64 = (1970..year).flat_map(days_of_months).sum();
    years + days_of_months(year)[..month - 1].iter().sum::<i64>() + day - 1
}

/// The seconds that a stored date-time stands for.
pub(crate) fn seconds(stored: &str) -> i64 {
    let number = |from: usize, to: usize| stored[from..to].parse::<i64>().expect("a stored date-time");
    let month = usize::try_from(number(5, 7)).expect("a month");
    let days = days_until(number(0, 4), month, number(8, 10));
    days * 86_400 + number(11, 13) * 3_600 + number(14, 16) * 60 + number(17, 19)
}

/// A date-time as it is stored: UTC (facts 1.6).
pub(crate) fn stored(seconds: i64) -> String {
    let ((year, month, day), rest) = (civil(seconds.div_euclid(86_400)), seconds.rem_euclid(86_400));
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// How a user wants to see times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Locale {
    /// Seconds east of Greenwich, all year.
    pub(crate) east: i64,
    pub(crate) day_first: bool,
}

impl Locale {
    /// A stored date-time, in the user's zone and format.
    pub(crate) fn date_time(self, value: &str) -> String {
        let there = stored(seconds(value) + self.east);
        format!("{} {}", self.date(&there), &there[11..])
    }

    /// A stored date in the user's format. A date is in no zone.
    pub(crate) fn date(self, stored: &str) -> String {
        if self.day_first {
            format!("{}-{}-{}", &stored[8..10], &stored[5..7], &stored[..4])
        } else {
            stored[..10].to_owned()
        }
    }
}

/// A stored duration in words: `2 Days 3 Hours` (facts 1.6).
pub(crate) fn duration_in_words(stored: &str) -> String {
    let all = seconds(stored);
    let parts = [
        (all / 86_400, "Days"),
        (all / 3_600 % 24, "Hours"),
        (all / 60 % 60, "Minutes"),
        (all % 60, "Seconds"),
    ];
    let words: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    words.join(" ")
}
