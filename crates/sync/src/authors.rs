//! Authors: writing as one of our own, and checking what any of them wrote.

use sidelight_crypto::{
    AuthorSigningKey, MailboxKeys, PersonSigningKey, TooLong, erase_token, new_secret, verify,
};
use sidelight_format::record::OwnAuthorRecord;
use sidelight_format::{
    AuthorCertificate, AuthorCertificateStatement, Authored, AuthoredStatement, Body, Bytes, Class,
    EntryPreimage, EnvelopeId, EpochId, Generation, Head, Link, Mode, PersonId, ProofItem, Salt,
    Secret, SegmentId, Sequence, Signature, SpaceId, Subject, Voice, envelope_id, limits,
};

use crate::{Outside, Person};

/// Where an author writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The space.
    pub space: SpaceId,
    /// The epoch.
    pub epoch: EpochId,
}

/// Begins an own author in an epoch, certified by its person.
pub fn begin_author(
    place: Place,
    person: PersonId,
    generation: Generation,
    signing: &PersonSigningKey,
    segment: SegmentId,
    outside: &mut Outside<'_>,
) -> OwnAuthorRecord {
    let seed = new_secret(outside.rng);
    let author = AuthorSigningKey::from_seed(&seed).id();
    let statement = AuthorCertificateStatement {
        space: place.space,
        epoch: place.epoch,
        author,
        person,
        generation,
    };
    let certificate = AuthorCertificate {
        author,
        person,
        generation,
        signature: signing.sign(&statement),
    };
    OwnAuthorRecord {
        signing: seed,
        certificate,
        segment,
        next: Sequence(0),
        link: Link::START,
        reported: Vec::new(),
    }
}

/// What an own author wrote: sealed, and not yet kept anywhere.
#[derive(Clone, Debug)]
pub struct Written {
    /// The envelope's id.
    pub id: EnvelopeId,
    /// The envelope.
    pub envelope: Vec<u8>,
    /// What was signed.
    pub statement: AuthoredStatement,
}

/// Writes one envelope and moves the author on. Nothing of it may leave the device before the
/// moved author is kept durably, or a crash would give one sequence to two envelopes.
///
/// `heads` are the other authors' heads of this epoch, as they are known now.
///
/// # Errors
/// [`TooLong`] if the parts do not fit an envelope; the author has not moved.
pub fn write(
    author: &mut OwnAuthorRecord,
    place: Place,
    (subject, entry, voice): (Subject, Option<EntryPreimage>, Option<Voice>),
    parts: Vec<Vec<u8>>,
    heads: &[Head],
    (keys, erasing): (&MailboxKeys, &Secret),
    outside: &mut Outside<'_>,
) -> Result<Written, TooLong> {
    let mut heads: Vec<Head> = heads
        .iter()
        .filter(|head| !author.reported.contains(head))
        .copied()
        .collect();
    heads.sort_unstable();
    heads.truncate(limits::HEADS_MAX);

    let mut authored = Authored {
        certificate: author.certificate,
        segment: author.segment,
        sequence: author.next,
        previous: author.link,
        heads,
        salt: Salt(outside.random()),
        subject,
        entry,
        voice,
        parts: parts.into_iter().map(Bytes::from).collect(),
        signature: Signature::from_bytes(&[0; 64]),
    };
    let statement = authored.statement(place.space, place.epoch);
    authored.signature = AuthorSigningKey::from_seed(&author.signing).sign(&statement);

    let token = erase_token(erasing, &authored.salt);
    let body = Body::Authored(Box::new(authored));
    let envelope = keys.seal(Class::Live, &body, &token, outside.rng)?;

    author.next = author.next.next();
    author.link = statement.link();
    author
        .reported
        .retain(|old| !statement.heads.iter().any(|head| head.author == old.author));
    author.reported.extend(&statement.heads);
    author.reported.sort_unstable();
    Ok(Written {
        id: envelope_id(&keys.name(), &envelope),
        envelope,
        statement,
    })
}

/// Why an authenticated body is not accepted as its author's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unproved {
    /// Its lists are too long or not sorted.
    #[error("a body breaks the limits of the format")]
    Limits,
    /// No member of the space vouches for its author.
    #[error("no member of the space vouches for the author")]
    Certificate,
    /// The author did not sign it.
    #[error("the author did not sign it")]
    Signature,
    /// It touches an entry that is not the author's to change.
    #[error("the entry is not its author's to change")]
    Owner,
}

/// Checks who wrote a body, and that they may touch the entry that it touches.
///
/// `known` says that this very certificate was verified before.
///
/// # Errors
/// [`Unproved`], by the first rule broken.
pub fn check(
    authored: &Authored,
    place: Place,
    members: &[&Person],
    known: bool,
) -> Result<AuthoredStatement, Unproved> {
    if !authored.within_limits() {
        return Err(Unproved::Limits);
    }
    let statement = authored.statement(place.space, place.epoch);
    let signed = (&authored.certificate, &statement, &authored.signature);
    check_statement(signed, place, members, known)?;
    Ok(statement)
}

/// Checks who signed what a volume proves, as [`check`] does with a whole body.
///
/// # Errors
/// [`Unproved`], by the first rule broken.
pub fn check_proof(
    item: &ProofItem,
    place: Place,
    members: &[&Person],
    known: bool,
) -> Result<(), Unproved> {
    let statement = &item.statement;
    let sound = (1..=limits::PARTS_MAX).contains(&statement.parts.len())
        && statement.heads.len() <= limits::HEADS_MAX
        && statement.heads.is_sorted_by(|a, b| a.author < b.author)
        && statement.subject == Subject::ENTRY
        && statement.space == place.space
        && statement.epoch == place.epoch
        && statement.author == item.certificate.author;
    if !sound {
        return Err(Unproved::Limits);
    }
    let signed = (&item.certificate, statement, &item.signature);
    check_statement(signed, place, members, known)
}

fn check_statement(
    (certificate, statement, signature): (&AuthorCertificate, &AuthoredStatement, &Signature),
    place: Place,
    members: &[&Person],
    known: bool,
) -> Result<(), Unproved> {
    let member = members
        .iter()
        .find(|person| person.id() == certificate.person)
        .ok_or(Unproved::Certificate)?;
    let vouches = |certificate: &AuthorCertificate, epoch| {
        let vouched = certificate.statement(place.space, epoch);
        let mut keys = member.signing_keys(certificate.generation);
        keys.any(|key| verify(&key, &vouched, &certificate.signature).is_ok())
    };
    if !known && !vouches(certificate, place.epoch) {
        return Err(Unproved::Certificate);
    }
    let author = sidelight_format::VerifyingKey(certificate.author.0);
    verify(&author, statement, signature).map_err(|_| Unproved::Signature)?;

    if let Some(voice) = &statement.voice {
        // Changes are written again by the same person only: nobody speaks with another's voice.
        if voice.certificate.person != certificate.person
            || !vouches(&voice.certificate, voice.epoch)
        {
            return Err(Unproved::Certificate);
        }
    }

    if let Some(preimage) = &statement.entry {
        let is_member = members.iter().any(|person| person.id() == preimage.owner);
        let may_write = preimage.owner == certificate.person || preimage.mode == Mode::Together;
        if !is_member || !may_write {
            return Err(Unproved::Owner);
        }
    }
    if (statement.subject == Subject::ENTRY || statement.subject == Subject::ERASURE)
        && statement.entry.is_none()
    {
        return Err(Unproved::Owner);
    }
    Ok(())
}
