//! What people copy and name: addresses, links, dates, kinds, and lengths.

use proptest::prelude::*;
use sidelight_format::{
    EntryDate, InvitationLink, Kind, RelayAddress, RelayKey, decode, encode,
    limits::ENVELOPE_LEN_MAX, padded_len,
};

proptest! {
    #[test]
    fn any_text_is_an_address_in_its_own_form_or_refused(text in "(sidelight://)?\\PC{0,20}(:[0-9]{1,6})?/(relay|invite)#[A-Za-z0-9_-]{0,90}") {
        if let Ok(address) = text.parse::<RelayAddress>() {
            prop_assert_eq!(address.to_string(), text.trim());
        }
        if let Ok(link) = text.parse::<InvitationLink>() {
            prop_assert_eq!(link.expose(), text.trim());
        }
    }

    #[test]
    fn a_host_and_a_port_make_an_address(name in "[a-z0-9.-]{1,250}", port in 1u16..) {
        let address = RelayAddress::new(&format!("{name}:{port}"), RelayKey([7; 32])).expect("a host");
        prop_assert_eq!(address.to_string().parse(), Ok(address.clone()));
        prop_assert_eq!(decode(&encode(&address)), Ok(address));
    }

    #[test]
    fn a_date_is_decoded_exactly_if_it_can_be_made(
        year in any::<i16>(), month in 0u8..15, day in 0u8..34, offset in -1200i16..1200,
    ) {
        let made = EntryDate::new(year, month, day, offset);
        let decoded = decode::<EntryDate>(&encode(&(year, month, day, offset)));
        prop_assert_eq!(made.ok(), decoded.ok());
    }

    #[test]
    fn days_sort_as_their_numbers(
        a in (1i16..=9999, 1u8..=12, 1u8..=28), b in (1i16..=9999, 1u8..=12, 1u8..=28),
    ) {
        let number = |(year, month, day)| EntryDate::new(year, month, day, 0).expect("a day").day_number();
        prop_assert_eq!(a.cmp(&b), number(a).cmp(&number(b)));
    }

    #[test]
    fn a_kind_is_decoded_exactly_if_it_can_be_named(name in "([a-z_]{0,34}|\\PC{0,8})") {
        prop_assert_eq!(Kind::named(&name), decode::<Kind>(&encode(&name)).ok());
    }

    #[test]
    fn padding_never_shrinks_and_keeps_the_order(a in 1..=ENVELOPE_LEN_MAX, b in 1..=ENVELOPE_LEN_MAX) {
        prop_assert!(padded_len(a) >= a && padded_len(a) <= ENVELOPE_LEN_MAX);
        prop_assert_eq!(padded_len(padded_len(a)), padded_len(a));
        prop_assert_eq!(padded_len(a.min(b)), padded_len(a).min(padded_len(b)));
    }
}
