// What goes into a statement.

/// One parameter.
package enum SQLValue: Sendable, Equatable {
    case integer(Int64)
    case text(String)
    case null

    /// Text, or null for none.
    package static func optional(_ text: String?) -> SQLValue { text.map { .text($0) } ?? .null }
}
