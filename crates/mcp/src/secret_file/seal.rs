//! How secrets lie in the file: Argon2id makes a key of the passphrase, XChaCha20-Poly1305 seals everything under it, also
//! the names. What the key was made with stands beside it and is sealed against change.

use std::collections::BTreeMap;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, Generate, KeyInit, Payload},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::Secret;

const FORMAT: u32 = 1;
/// A file from elsewhere may not make us work for an hour or fill the memory.
const MOST_MEMORY: u32 = 1024 * 1024;
const MOST_PASSES: u32 = 32;

/// What is in it.
pub(super) type Contents = BTreeMap<String, Secret>;

/// How hard it is to try one passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cost {
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
    pub(crate) lanes: u32,
}

impl Cost {
    /// The second choice of RFC 9106, for machines on which other programs run.
    pub(crate) const USUAL: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 4 };
}

/// What the key is made with, besides the passphrase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Lock {
    format: u32,
    argon2id: Cost,
    salt: String,
}

/// The file.
#[derive(Serialize, Deserialize)]
pub(super) struct Sealed {
    pub(super) lock: Lock,
    nonce: String,
    sealed: String,
}

pub(super) struct Key(Zeroizing<[u8; 32]>);

/// The file is not what it should be: cut, changed, or of a later version.
#[derive(Debug)]
pub(super) struct Broken(pub(super) &'static str);

impl Lock {
    pub(super) fn new(cost: Cost) -> Self {
        // As long as a nonce, and as random.
        Self { format: FORMAT, argon2id: cost, salt: BASE64.encode(XNonce::generate()) }
    }

    /// Takes a moment, which is what it is for.
    pub(super) fn key(&self, passphrase: &Secret) -> Result<Key, Broken> {
        if self.format != FORMAT {
            return Err(Broken("it was written by a later version"));
        }
        let Cost { memory_kib, passes, lanes } = self.argon2id;
        if memory_kib > MOST_MEMORY || passes > MOST_PASSES {
            return Err(Broken("opening it would take too long"));
        }
        let params = Params::new(memory_kib, passes, lanes, None).map_err(|_| Broken("its figures make no sense"))?;
        let salt = BASE64.decode(&self.salt).map_err(|_| Broken("its salt cannot be read"))?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.expose().as_bytes(), &salt, key.as_mut())
            .map_err(|_| Broken("no key can be made"))?;
        Ok(Key(key))
    }

    /// What must not be exchanged for something else beside the sealed.
    fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl Sealed {
    pub(super) fn read(text: &str) -> Result<Self, Broken> {
        serde_json::from_str(text).map_err(|_| Broken("it is cut, or not what it should be"))
    }

    pub(super) fn text(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    pub(super) fn seal(lock: &Lock, key: &Key, contents: &Contents) -> Result<Self, Broken> {
        let plain: BTreeMap<&str, &str> =
            contents.iter().map(|(name, secret)| (name.as_str(), secret.expose())).collect();
        let plain = serde_json::to_vec(&plain).map(Zeroizing::new).map_err(|_| Broken("it cannot be written"))?;
        let nonce = XNonce::generate();
        let sealed = key.cipher().encrypt(&nonce, Payload { msg: &plain, aad: &lock.bytes() });
        let sealed = sealed.map_err(|_| Broken("it cannot be sealed"))?;
        Ok(Self { lock: lock.clone(), nonce: BASE64.encode(nonce), sealed: BASE64.encode(sealed) })
    }

    /// Nothing where the key is another one; whoever changed the file has made it another one.
    pub(super) fn unseal(&self, key: &Key) -> Result<Option<Contents>, Broken> {
        let unreadable = Broken("it is cut, or not what it should be");
        let (Ok(nonce), Ok(sealed)) = (BASE64.decode(&self.nonce), BASE64.decode(&self.sealed)) else {
            return Err(unreadable);
        };
        let Ok(nonce) = XNonce::try_from(nonce.as_slice()) else { return Err(unreadable) };
        let plain = key.cipher().decrypt(&nonce, Payload { msg: &sealed, aad: &self.lock.bytes() });
        let Ok(plain) = plain.map(Zeroizing::new) else { return Ok(None) };
        let plain: BTreeMap<String, String> = serde_json::from_slice(&plain).map_err(|_| unreadable)?;
        Ok(Some(plain.into_iter().map(|(name, text)| (name, Secret::new(text))).collect()))
    }
}

impl Key {
    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&(*self.0).into())
    }
}
