import CivilTime
import JSON
import Testing

@testable import EdgeRuntime

struct OwnLaneTests {
    private let accounts = ["runware": "runware#12345678"]

    private func lane(_ provider: String, own: Bool, price: Int64 = 3000) throws -> Lane {
        var json: JSONObject = [
            "name": .string(provider), "provider": .string(provider), "model": "m", "price": .integer(price),
        ]
        if own { json["own"] = true }
        return try Lane(.object(json))
    }

    private func ticket(_ lanes: [Lane], choice: LaneSet.Choice = .order) -> Ticket {
        Ticket(input: Array("{}".utf8), key: "k", lanes: LaneSet(lanes, choice: choice), isFresh: false)
    }

    private func rules(fallback: Bool = false, shareCache: Bool = false) -> OwnTokenRules {
        var rules = OwnTokenRules()
        rules.fallback = fallback
        rules.shareCache = shareCache
        return rules
    }

    private func settled(_ ticket: Ticket, owner: String? = "key:a", _ rules: OwnTokenRules) throws -> Ticket {
        var ticket = ticket
        try ticket.settleOwnLanes(of: owner, accounts: accounts, rules: rules, function: "f")
        return ticket
    }

    @Test func `an own lane counts on the token's account, costs the host nothing, and is the only one`() throws {
        let ticket = ticket([try lane("huggingface", own: false), try lane("runware", own: true)])

        let own = try settled(ticket, rules())

        #expect(own.lanes.lanes.map(\.name) == ["runware"])
        #expect(own.lanes.lanes.first?.account == "runware#12345678")
        #expect(own.price == 0 && own.lanes.isOwn)
    }

    @Test func `where the settings say so the host's lanes come after them, whatever the choice`() throws {
        let lanes = [try lane("huggingface", own: false, price: 0), try lane("runware", own: true)]
        for choice in LaneSet.Choice.allCases {
            let both = try settled(ticket(lanes, choice: choice), rules(fallback: true)).lanes

            #expect(both.ordered(median: { _ in nil }, chance: { 0 }).map(\.name) == ["runware", "huggingface"])
            #expect(!both.isOwn && both.highestPrice == 0)
        }
    }

    @Test func `each caller has a cache of its own unless the settings say otherwise`() throws {
        let ticket = ticket([try lane("runware", own: true)])

        let keys = [
            try settled(ticket, owner: "key:a", rules()).key, try settled(ticket, owner: "key:b", rules()).key,
            try settled(ticket, owner: "key:a", rules(shareCache: true)).key,
        ]

        #expect(Set(keys).count == 3)
        #expect(keys.last == "k")
    }

    @Test func `a ticket without own lanes stays as it is`() throws {
        let ticket = ticket([try lane("huggingface", own: false)])

        #expect(try settled(ticket, rules()) == ticket)
        #expect(try settled(ticket, owner: nil, rules()) == ticket)
    }

    @Test func `a lane on a token that the caller does not have is the function's mistake`() throws {
        #expect(throws: IsolateError.self) { try settled(ticket([try lane("openai", own: true)]), rules()) }
        #expect(throws: IsolateError.self) {
            try settled(ticket([try lane("runware", own: true)]), owner: nil, rules())
        }
    }

    @Test func `the failures of one caller's account close no route for others`() throws {
        let lane = try lane("runware", own: true)

        let routes = [lane.own(account: "runware#1").route, lane.own(account: "runware#2").route, "runware/m"]

        #expect(Set(routes).count == 3)
    }

    @Test func `an own lane and an own attempt come back from a job file`() throws {
        let lane = try lane("runware", own: true).own(account: "runware#1")
        var attempt = Attempt(number: 1, id: "x", started: .now())
        attempt.isOwn = true

        #expect(try Lane(lane.json) == lane)
        #expect(Attempt(attempt.json)?.isOwn == true)
    }
}
