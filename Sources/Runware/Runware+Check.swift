// Proves the key with a call that makes no image.
internal import JSON
public import Providers

extension Runware {
    /// The account's balance; where that cannot be had, whether the key is taken at all.
    public func check() async throws(ProviderError) -> String {
        if case .notReady(let advice) = readiness { throw refusal(.credentials, advice) }
        let requests = RunwareRequests(settings: settings)
        let task = TaskUUID.random()
        let reply = RunwareReply(try await sendCheck(requests.account(task)), of: task)
        if let fault = reply.faults.first {
            // Its own code for "your key is good, the account cannot be read".
            guard fault.code == "errorRetrievingAccountManagement" else { throw error(fault, reply) }
            let task = TaskUUID.random()
            let pong = RunwareReply(try await sendCheck(requests.ping(task)), of: task)
            guard pong.faults.isEmpty, pong.elements.contains(where: { $0.json["pong"]?.bool ?? false }) else {
                throw error(pong.faults.first, pong)
            }
            return "the key works; its balance cannot be read now"
        }
        guard (200..<300).contains(reply.reply.status), let account = reply.elements.first else {
            throw error(nil, reply)
        }
        let balance = account.json["balance"]
        let isEmpty = (balance?["amount"]?.double ?? balance?.double).map { amount in
            amount + (balance?["freeBalance"]?.double ?? 0) <= 0
        }
        let advice = isEmpty ?? false ? ", none is left for an image: add credit at https://runware.ai" : ""
        return "the key works\(Self.balance(balance).map { "; balance \($0)\(advice)" } ?? "")"
    }

    /// An object in newer answers, a bare number in older ones.
    static func balance(_ value: JSONValue?) -> String? {
        guard let amount = value?["amount"]?.double ?? value?.double, amount.isFinite, abs(amount) < 1e12 else {
            return nil
        }
        let cents = Int64((amount * 100).rounded())
        let digits = "\(abs(cents) % 100)"
        let text = "\(cents < 0 ? "-" : "")\(abs(cents) / 100).\(digits.count < 2 ? "0" : "")\(digits)"
        let currency = value?["currency"]?.string.flatMap { SaidText.line(String($0.prefix(8)), hiding: nil) }
        return "\(text) \(currency ?? "USD")"
    }

    private func error(_ fault: RunwareFault?, _ reply: RunwareReply) -> ProviderError {
        RunwareRefusal(settings: settings, model: nil, task: nil, now: now()).error(fault, reply.reply, isBegun: false)
    }

    private func sendCheck(_ call: ProviderCall) async throws(ProviderError) -> ProviderReply {
        do {
            return try await transport.send(call)
        } catch {
            throw CallFailure(error, call).error()
        }
    }
}
