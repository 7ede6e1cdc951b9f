//! Whether a text can be a unit of UCUM. The list of units that adapters use is in docs/fields.md.

/// The longest unit, in bytes.
const UNIT_BYTES_MAX: usize = 64;

/// Checks how it is written: UCUM's letters, and brackets in pairs. Which units there are is left to adapters: a field in
/// a unit that none has does not match, and does not leave.
pub fn check(unit: &str) -> Result<(), String> {
    let letters = unit.bytes().all(|it| it.is_ascii_graphic() && it != b'"');
    if unit.is_empty() || unit.len() > UNIT_BYTES_MAX || !letters || !is_balanced(unit) {
        return Err(format!(
            "`unit` must be one of UCUM without spaces, such as `/min`, `mm[Hg]` or `Cel`, not {unit:?}"
        ));
    }
    Ok(())
}

fn is_balanced(unit: &str) -> bool {
    let mut open = Vec::new();
    for letter in unit.chars() {
        let pair = match letter {
            '[' | '{' | '(' => {
                open.push(letter);
                continue;
            }
            ']' => '[',
            '}' => '{',
            ')' => '(',
            _ => continue,
        };
        if open.pop() != Some(pair) {
            return false;
        }
    }
    open.is_empty()
}
