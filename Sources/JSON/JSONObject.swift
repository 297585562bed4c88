// The members of a JSON object, in the order they were written.

/// Named JSON values that keep their order. Finding a member is fast for few members and for many.
public struct JSONObject: Sendable, ExpressibleByDictionaryLiteral {
    /// One named value.
    public struct Member: Sendable, Equatable {
        public let key: String
        public internal(set) var value: JSONValue
    }

    /// All members, in order.
    public private(set) var members: [Member] = []

    /// Where each key is, kept only when there are so many members that looking at each would be slow.
    private var places: [String: Int] = [:]
    private static let membersWithoutPlaces = 48  // a job's document has fewer

    public init() {}

    /// Empty, with room for so many members.
    init(capacity: Int) { members.reserveCapacity(capacity) }

    /// The names of a literal differ from each other.
    public init(dictionaryLiteral members: (String, JSONValue)...) { self.init(literal: members) }

    init(literal members: [(String, JSONValue)]) {
        self.members = members.map { Member(key: $0.0, value: $0.1) }
        rebuildPlaces()
        assert(Set(keys).count == count, "a name is there twice in \(keys)")
    }

    public var count: Int { members.count }
    public var isEmpty: Bool { members.isEmpty }

    /// All names, in order.
    public var keys: [String] { members.map(\.key) }

    /// The value of that name. Setting a new name adds it at the end; setting nil removes the member.
    public subscript(key: String) -> JSONValue? {
        get { place(of: key).map { members[$0].value } }
        set {
            switch (place(of: key), newValue) {
            case (let place?, let value?): members[place].value = value
            case (let place?, nil):
                members.remove(at: place)
                rebuildPlaces()
            case (nil, let value?): append(key, value)
            case (nil, nil): break
            }
        }
    }

    /// Adds a member whose name is new; false, and nothing changed, when it is there already.
    mutating func add(_ key: String, _ value: JSONValue) -> Bool {
        guard place(of: key) == nil else { return false }
        append(key, value)
        return true
    }

    /// Adds a member whose name is new, as the caller knows: nobody looks for it.
    package mutating func append(_ key: String, _ value: JSONValue) {
        assert(place(of: key) == nil, "\(key) is there already")
        members.append(Member(key: key, value: value))
        if !places.isEmpty {
            places[key] = members.count - 1
        } else if members.count > Self.membersWithoutPlaces {
            rebuildPlaces()
        }
    }

    private func place(of key: String) -> Int? {
        guard places.isEmpty else { return places[key] }
        for index in members.indices where members[index].key == key { return index }
        return nil
    }

    private mutating func rebuildPlaces() {
        if !places.isEmpty { places.removeAll() }
        guard members.count > Self.membersWithoutPlaces else { return }
        for (place, member) in members.enumerated() { places[member.key] = place }
    }
}

extension JSONObject: Equatable {
    /// Whether both have the same names with equal values, in whatever order.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.members == right.members
            || left.count == right.count && left.members.allSatisfy { right[$0.key] == $0.value }
    }
}
