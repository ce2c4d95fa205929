//! Words that the house doesn't use, because they say nothing (runtime/ARCHITECTURE.md, "Words").

/// Words that no name may contain.
pub const BANNED: &[&str] = &["manager", "handler", "util", "utils", "helper", "helpers", "common", "misc"];

/// The first banned word in a name, which may be written in any case style.
pub fn banned_in(name: &str) -> Option<&'static str> {
    let mut words = vec![String::new()];
    let mut before_lower = false;
    for letter in name.chars() {
        let starts_word = !letter.is_alphanumeric() || (letter.is_uppercase() && before_lower);
        if starts_word {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
        before_lower = letter.is_lowercase();
    }
    BANNED.iter().copied().find(|banned| words.iter().any(|word| word == banned))
}
