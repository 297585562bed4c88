// What a function is told of who asks.
internal import Callers
internal import EdgeHTTP

extension HTTPHeaders {
    /// Adds the caller's fields; what a client sent under their names has been removed before. A key of ours goes no further.
    mutating func add(_ caller: Caller) {
        if caller.isKnown {
            for name in ["Authorization", "apikey", "x-api-key"] where self[name]?.contains(APIKey.prefix) ?? false {
                remove(name)
            }
        }
        add("Edge-Caller", caller.id)
        add("Edge-Tier", caller.tier.rawValue)
        if let user = caller.user { add("Edge-User", user) }
        if let group = caller.group { add("Edge-Group", group) }
        if !caller.allowsNSFW { add("Edge-Nsfw", "false") }
    }
}

extension Caller {
    /// For whom a function with the grant `jobs` asks: it hands on what its request told of the caller. A function that tells
    /// nothing asks for nobody known.
    init(askedFor headers: HTTPHeaders) {
        let id = headers["Edge-Caller"] ?? ""
        self.init(id: id, isKnown: id.contains(":") && !id.hasPrefix("ip:"), user: headers["Edge-User"])
    }

    /// What the log calls it: strangers' addresses stay out of it.
    var logged: String? { isKnown ? id : nil }
}
