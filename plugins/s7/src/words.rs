//! What controllers answer, in an engineer's words. The numbers are those of Wireshark's `packet-s7comm.c`.

/// Why an item was refused.
pub(crate) fn item_words(code: u8) -> String {
    match code {
        0x01 => "the controller's hardware has failed there".to_owned(),
        0x03 => "the controller doesn't allow it: check the protection and that PUT/GET is allowed".to_owned(),
        0x05 => "the controller has no such address: the block is shorter".to_owned(),
        0x06 => "the controller doesn't support this type there".to_owned(),
        0x07 => "the controller says that the type doesn't fit".to_owned(),
        0x0A => "the controller has no such block, or it is optimised: switch off optimised access of the block".to_owned(),
        other => format!("the controller refuses it (code {other:#04x})"),
    }
}

/// Why a whole question was refused.
pub(crate) fn error_words(error: u16) -> String {
    match error {
        0x8104 => "the controller doesn't offer this function: check its type, and that PUT/GET is allowed".to_owned(),
        0x8500 | 0x8501 => "the controller finds the question too long".to_owned(),
        0xD602 | 0xD604 | 0xD605 => "the controller is protected by a password".to_owned(),
        0xD401..=0xD4FF => "the controller can't give this at present".to_owned(),
        other => format!("the controller refuses the question (error {other:04X})"),
    }
}
