//! Error messages in another language: the texts are localized, the envelope around them is not (facts 3.1).

use crate::response::SimResponse;
use crate::{Guess, Language};
use bytes::Bytes;

/// What every error ends in.
const END: &[u8] = br#""status":"failure"}"#;

/// Parts of English messages, and the same in German. Names that stand between them stay as they are. A part that begins with
/// another one comes before it.
const GERMAN: &[(&str, &str)] = &[
    ("No Record found", "Kein Datensatz gefunden"),
    (
        "Record doesn't exist or ACL restricts the record retrieval",
        "Der Datensatz ist nicht vorhanden, oder eine Zugriffsregel verhindert den Abruf",
    ),
    (
        "Records matching query not found. Check query parameter or offset parameter",
        "Keine passenden Datensätze. Parameter der Abfrage oder des Versatzes prüfen",
    ),
    ("Requested URI does not represent any resource", "Die angeforderte URI steht für keine Ressource"),
    ("Invalid staging table", "Ungültige Stagingtabelle"),
    ("Invalid table", "Ungültige Tabelle"),
    ("User Not Authenticated", "Benutzer nicht authentifiziert"),
    ("User is not authenticated", "Der Benutzer ist nicht authentifiziert"),
    ("Required to provide Auth information", "Anmeldeinformationen müssen angegeben werden"),
    ("User Not Authorized", "Benutzer nicht autorisiert"),
    ("Failed API level ACL Validation", "Zugriffsprüfung auf API-Ebene nicht bestanden"),
    ("Insufficient rights to query records", "Unzureichende Rechte zum Abfragen von Datensätzen"),
    (
        "Field(s) present in the query do not have permission to be read",
        "Felder der Abfrage dürfen nicht gelesen werden",
    ),
    ("No permission to read table", "Keine Berechtigung zum Lesen der Tabelle"),
    ("Operation Failed", "Vorgang fehlgeschlagen"),
    (
        "ACL Exception Insert Failed due to security constraints",
        "Einfügen durch Sicherheitsregeln verhindert",
    ),
    ("ACL Exception Update Failed due to security constraints", "Ändern durch Sicherheitsregeln verhindert"),
    ("ACL Exception Delete Failed due to security constraints", "Löschen durch Sicherheitsregeln verhindert"),
    ("Operation against file", "Vorgang für Datei"),
    ("was aborted by Business Rule", "wurde abgebrochen durch Geschäftsregel"),
    ("Business Rule Stack", "Geschäftsregelstapel"),
    ("Error during insert of", "Fehler beim Einfügen in"),
    (
        "Data Policy Exception: The following fields are mandatory",
        "Datenrichtlinie verletzt: Die folgenden Felder sind Pflichtfelder",
    ),
    ("Exception while reading request", "Ausnahme beim Lesen der Anforderung"),
    ("Rejected large REST payload with content-length", "Zu große REST-Nutzlast abgelehnt, Länge"),
    ("bytes. Max allowed", "Byte. Höchstens erlaubt"),
    ("Method not supported", "Methode nicht unterstützt"),
    ("Unsupported media type", "Medientyp nicht unterstützt"),
    ("Not acceptable", "Nicht annehmbar"),
    ("Too many requests", "Zu viele Anforderungen"),
    ("Rate limit exceeded", "Ratenlimit überschritten"),
    (
        "Transaction cancelled: maximum execution time exceeded",
        "Transaktion abgebrochen: maximale Ausführungszeit überschritten",
    ),
    (
        "Check logs for error trace or enable glide.rest.debug property to verify REST request processing",
        "Protokolle prüfen oder die Eigenschaft glide.rest.debug einschalten",
    ),
];

impl SimResponse {
    /// The same response with the texts of its error in a language, if it is one.
    pub(crate) fn in_language(mut self, language: Language) -> Self {
        let words = match language {
            Language::English => return self,
            Language::German => GERMAN,
        };
        if self.body.ends_with(END) {
            self.body = translated(&self.body, words);
            return self.guess(Guess::GermanTexts);
        }
        self
    }
}

/// Rows may stand in front of an error (facts 3.4): their values stay as they are.
fn translated(body: &Bytes, words: &[(&str, &str)]) -> Bytes {
    let Ok(text) = std::str::from_utf8(body) else { return body.clone() };
    let (rows, error) = text.split_at(text.rfind(r#""error":{"#).unwrap_or(text.len()));
    let error = words.iter().fold(error.to_owned(), |error, (english, other)| error.replace(english, other));
    format!("{rows}{error}").into()
}
