// Who may end whose job.
import Testing

@testable import Callers

struct JobOwnerTests {
    private static let stranger = Caller(id: "ip:203.0.113.7")
    private static let key = Caller(id: "key:abc", tier: .pro, isKnown: true)
    private static let ann = Caller(id: "key:abc", tier: .pro, isKnown: true, user: "ann", group: "g")
    private static let bob = Caller(id: "key:abc", tier: .pro, isKnown: true, user: "bob")
    private static let token = Caller(id: "user:1", isKnown: true)
    private static let ops = Caller(id: "operator:xyz", isKnown: true)

    @Test func `a stranger's job is anybody's who knows its id`() {
        for asker in [Self.stranger, Self.key, Self.ann, Caller(id: "")] { #expect(asker.mayEnd(jobOf: Self.stranger)) }
    }

    @Test func `a known caller's job is its own, and its end user's where one was named`() {
        #expect(Self.key.mayEnd(jobOf: Self.key))
        #expect(Self.token.mayEnd(jobOf: Self.token))
        #expect(Caller(id: "key:abc", tier: .free, isKnown: true, user: "ann").mayEnd(jobOf: Self.ann))
        for (asker, owner) in [
            (Self.stranger, Self.key), (Self.token, Self.key), (Self.key, Self.ann), (Self.bob, Self.ann),
            (Self.ann, Self.key), (Caller(id: ""), Self.token),
        ] {
            #expect(!asker.mayEnd(jobOf: owner), "\(asker) of \(owner)")
        }
    }

    @Test func `an operator may end every job, and only a key makes one`() {
        for owner in [Self.key, Self.ann, Self.token] { #expect(Self.ops.mayEnd(jobOf: owner)) }
        #expect(!Caller(id: "operator:xyz").mayEnd(jobOf: Self.key))
    }
}
