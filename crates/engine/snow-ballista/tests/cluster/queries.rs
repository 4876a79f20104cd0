//! Queries of many kinds.

/// Conditions, each of which is asked for in five ways.
const CONDITIONS: [&str; 10] = [
    "priority <= 2 AND active",
    "priority = 1 OR state = 6",
    "NOT active",
    "category = 'SOFTWARE' OR category = 'network'",
    "short_description LIKE 'VPN%'",
    "short_description NOT LIKE '%Berlin'",
    "opened_at > '2025-06-01T00:00:00.5Z'",
    "priority IN (2, 3, 4, 5) AND category <> 'hardware'",
    "caller_id IS NULL OR state < 3",
    "category IN ('inquiry', 'database', 'nothing', 'software') AND opened_at BETWEEN '2024-01-01T00:00:00Z' AND '2026-01-01T00:00:00Z'",
];

pub(crate) fn queries() -> Vec<String> {
    let ways = |condition: &&str| {
        [
            format!(
                "SELECT count(*) AS n, min(opened_at) AS first, max(number) AS last FROM incident WHERE {condition}"
            ),
            format!(
                "SELECT category, state, count(*) AS n FROM incident WHERE {condition} GROUP BY category, state"
            ),
            format!(
                "SELECT number, opened_at, active FROM incident WHERE {condition} ORDER BY number LIMIT 17"
            ),
            format!("SELECT DISTINCT caller_id FROM incident WHERE {condition}"),
            format!(
                "SELECT a.number FROM incident a JOIN (SELECT caller_id, max(opened_at) AS newest FROM incident WHERE {condition} \
                 GROUP BY caller_id) b ON a.caller_id = b.caller_id AND a.opened_at = b.newest"
            ),
        ]
    };
    CONDITIONS.iter().flat_map(ways).collect()
}
