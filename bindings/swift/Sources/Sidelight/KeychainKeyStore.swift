#if canImport(Security)
    import Foundation
    import Security

    /// The key in the Keychain: on this device alone, in no backup, and readable once the person
    /// has unlocked the device after it started, so that a sync in the background can open the
    /// journal.
    public struct KeychainKeyStore: KeyStore {
        private let service: String
        private let account: String
        private let accessGroup: String?

        /// Under these names. Two journals need two accounts. An access group lets an app's
        /// extensions have the key, too.
        public init(service: String, account: String = "journal", accessGroup: String? = nil) {
            self.service = service
            self.account = account
            self.accessGroup = accessGroup
        }

        public func load() throws -> Data? {
            var query = item
            query[kSecReturnData] = true
            var found: CFTypeRef?
            let status = SecItemCopyMatching(query as CFDictionary, &found)
            if status == errSecItemNotFound {
                return nil
            }
            try Self.check(status)
            guard let key = found as? Data else { throw KeyStoreError.other }
            return key
        }

        public func save(_ key: Data) throws {
            var query = item
            query[kSecValueData] = key
            query[kSecAttrAccessible] = kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly
            // It never replaces: an item that is there is errSecDuplicateItem.
            try Self.check(SecItemAdd(query as CFDictionary, nil))
        }

        private var item: [CFString: Any] {
            var item: [CFString: Any] = [
                kSecClass: kSecClassGenericPassword,
                kSecAttrService: service,
                kSecAttrAccount: account,
                kSecAttrSynchronizable: false,
            ]
            #if os(macOS)
                // The same rules as on a phone, rather than those of the older keychain files.
                item[kSecUseDataProtectionKeychain] = true
            #endif
            if let accessGroup {
                item[kSecAttrAccessGroup] = accessGroup
            }
            return item
        }

        private static func check(_ status: OSStatus) throws {
            switch status {
            case errSecSuccess: return
            case errSecInteractionNotAllowed, errSecNotAvailable: throw KeyStoreError.locked
            case errSecAuthFailed, errSecUserCanceled, errSecMissingEntitlement:
                throw KeyStoreError.denied
            default: throw KeyStoreError.other
            }
        }
    }
#endif
