// libsodium, made ready once before anything of it is used.
internal import CSodium

enum Sodium {
    /// Touch this before any other call into libsodium.
    static let isReady: Bool = {
        let result = sodium_init()
        precondition(result >= 0, "libsodium finds no source of random numbers; is /dev/urandom there?")
        return true
    }()
}
