//! Addresses that people copy: a relay's, and an invitation's link.

use core::fmt;
use core::str::FromStr;
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use crate::{Invitation, RelayKey, decode, encode, limits};

/// Where a relay is, and the key by which it is known: `sidelight://host:port/relay#key`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "(String, RelayKey)", into = "(String, RelayKey)")]
pub struct RelayAddress {
    host: String,
    key: RelayKey,
}

/// Text that is not an address or invitation, by the first thing that is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAddress {
    /// Another scheme, or none.
    #[error("it does not begin with sidelight://")]
    Scheme,
    /// No host, no port, or too long a host.
    #[error("it does not name a host and a port, as in relay.example:4433")]
    Host,
    /// A relay's address where an invitation belongs, or the reverse.
    #[error("it is another kind of link: a relay's address has /relay#, an invitation /invite#")]
    Purpose,
    /// What stands after the `#` is cut off or mistyped.
    #[error("the part after # is incomplete or mistyped; copy the whole link")]
    Secret,
    /// Made by another version.
    #[error("it was made by another version; update the app")]
    Version,
}

impl RelayAddress {
    /// The relay at `host` (`name:port`, `1.2.3.4:port` or `[::1]:port`), known by `key`.
    ///
    /// # Errors
    /// [`InvalidAddress::Host`].
    pub fn new(host: &str, key: RelayKey) -> Result<Self, InvalidAddress> {
        let (name, port) = host.rsplit_once(':').ok_or(InvalidAddress::Host)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        let address = |c: char| c.is_ascii_hexdigit() || ":.%".contains(c);
        let bracketed = name
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        let valid_name = match bracketed {
            Some(inner) => !inner.is_empty() && inner.chars().all(address),
            None => !name.is_empty() && name.chars().all(plain),
        };
        let valid_port = port
            .parse::<u16>()
            .is_ok_and(|number| number > 0 && number.to_string() == port);
        if !valid_name || !valid_port || host.len() > limits::HOST_LEN_MAX {
            return Err(InvalidAddress::Host);
        }
        Ok(Self {
            host: host.to_owned(),
            key,
        })
    }

    /// Host and port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The relay's key.
    pub fn key(&self) -> RelayKey {
        self.key
    }
}

impl TryFrom<(String, RelayKey)> for RelayAddress {
    type Error = InvalidAddress;
    fn try_from((host, key): (String, RelayKey)) -> Result<Self, Self::Error> {
        Self::new(&host, key)
    }
}

impl From<RelayAddress> for (String, RelayKey) {
    fn from(address: RelayAddress) -> Self {
        (address.host, address.key)
    }
}

impl fmt::Display for RelayAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "sidelight://{}/relay#{}",
            self.host,
            BASE64URL_NOPAD.encode(&self.key.0)
        )
    }
}

impl fmt::Debug for RelayAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RelayAddress(…)")
    }
}

impl FromStr for RelayAddress {
    type Err = InvalidAddress;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host, key) = split(text, "relay")?;
        let key = BASE64URL_NOPAD
            .decode(key.as_bytes())
            .map_err(|_| InvalidAddress::Secret)?;
        let key = RelayKey::try_from(key.as_slice()).map_err(|_| InvalidAddress::Secret)?;
        Self::new(host, key)
    }
}

/// An invitation as a link: `sidelight://host:port/invite#…`. Everything secret stands after
/// the `#`, which no browser sends to a server.
#[derive(Clone, PartialEq, Eq)]
pub struct InvitationLink {
    host: String,
    invitation: Invitation,
}

impl InvitationLink {
    /// The link of `invitation`, whose mailbox is at `relay`.
    pub fn new(relay: &RelayAddress, invitation: Invitation) -> Self {
        Self {
            host: relay.host.clone(),
            invitation: Invitation {
                relay: relay.key,
                ..invitation
            },
        }
    }

    /// The invitation.
    pub fn invitation(&self) -> &Invitation {
        &self.invitation
    }

    /// The relay that has its mailbox.
    pub fn relay(&self) -> RelayAddress {
        RelayAddress {
            host: self.host.clone(),
            key: self.invitation.relay,
        }
    }

    /// The link as text. Whoever reads it can take the invitation up: it is shown to one person.
    pub fn expose(&self) -> String {
        format!(
            "sidelight://{}/invite#{}",
            self.host,
            BASE64URL_NOPAD.encode(&encode(&self.invitation))
        )
    }
}

impl fmt::Debug for InvitationLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvitationLink(…)")
    }
}

impl FromStr for InvitationLink {
    type Err = InvalidAddress;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host, secret) = split(text, "invite")?;
        let bytes = BASE64URL_NOPAD
            .decode(secret.as_bytes())
            .map_err(|_| InvalidAddress::Secret)?;
        match bytes.first() {
            Some(&crate::VERSION) => {}
            Some(_) => return Err(InvalidAddress::Version),
            None => return Err(InvalidAddress::Secret),
        }
        let invitation: Invitation = decode(&bytes).map_err(|_| InvalidAddress::Secret)?;
        if invitation.ticket.len() > limits::TICKET_LEN_MAX {
            return Err(InvalidAddress::Secret);
        }
        let relay = RelayAddress::new(host, invitation.relay)?;
        Ok(Self {
            host: relay.host,
            invitation,
        })
    }
}

/// Host and fragment of `sidelight://host/purpose#fragment`.
fn split<'a>(text: &'a str, purpose: &str) -> Result<(&'a str, &'a str), InvalidAddress> {
    let rest = text
        .trim()
        .strip_prefix("sidelight://")
        .ok_or(InvalidAddress::Scheme)?;
    let (host, rest) = rest.split_once('/').ok_or(InvalidAddress::Host)?;
    let (found, fragment) = rest.split_once('#').ok_or(InvalidAddress::Secret)?;
    if found != purpose {
        return Err(InvalidAddress::Purpose);
    }
    Ok((host, fragment))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, Secret, Suite, Timestamp};

    #[test]
    fn a_relay_address_survives_its_text() {
        for host in ["relay.example:4433", "127.0.0.1:1", "[::1]:65535"] {
            let address = RelayAddress::new(host, RelayKey([7; 32])).unwrap();
            assert_eq!(address.to_string().parse(), Ok(address));
        }
    }

    #[test]
    fn what_is_wrong_with_an_address_is_said() {
        let key = BASE64URL_NOPAD.encode(&[7; 32]);
        for (text, defect) in [
            (
                format!("https://host:1/relay#{key}"),
                InvalidAddress::Scheme,
            ),
            (
                format!("sidelight://host/relay#{key}"),
                InvalidAddress::Host,
            ),
            (
                format!("sidelight://host:0/relay#{key}"),
                InvalidAddress::Host,
            ),
            (
                format!("sidelight://host:70000/relay#{key}"),
                InvalidAddress::Host,
            ),
            (
                format!("sidelight://ho st:1/relay#{key}"),
                InvalidAddress::Host,
            ),
            (
                format!("sidelight://host:1/invite#{key}"),
                InvalidAddress::Purpose,
            ),
            (
                format!("sidelight://host:1/relay#{}", &key[1..]),
                InvalidAddress::Secret,
            ),
            (
                "sidelight://host:1/relay".to_owned(),
                InvalidAddress::Secret,
            ),
        ] {
            assert_eq!(text.parse::<RelayAddress>(), Err(defect), "{text}");
        }
    }

    #[test]
    fn an_invitation_survives_its_link_and_truncation_is_noticed() {
        let relay = RelayAddress::new("relay.example:4433", RelayKey([7; 32])).unwrap();
        let link = InvitationLink::new(
            &relay,
            Invitation {
                version: crate::VERSION,
                suite: Suite::One,
                purpose: Purpose::Partner,
                secret: Secret::new([1; 32]),
                fingerprint: [2; 32],
                relay: relay.key(),
                expires: Timestamp(1_800_000_000),
                ticket: crate::Bytes::default(),
            },
        );
        let text = link.expose();
        assert_eq!(text.parse(), Ok(link));
        for end in text.find('#').unwrap() + 1..text.len() {
            assert_eq!(
                text[..end].parse::<InvitationLink>(),
                Err(InvalidAddress::Secret),
                "{end}"
            );
        }
    }
}
