/// The states that a step has reached: emptied without touching each.
struct Marks: Sendable {
    private var rounds: [UInt32]
    private var round: UInt32 = 0
    private var members: [Program.StateID] = []

    init(count: Int) { rounds = Array(repeating: 0, count: count) }

    var sorted: [Program.StateID] { members.sorted() }

    mutating func clear() {
        members.removeAll(keepingCapacity: true)
        round &+= 1
        guard round == 0 else { return }
        rounds = Array(repeating: 0, count: rounds.count)
        round = 1
    }

    /// Reached, but no member. False when it was reached before.
    mutating func insert(hidden id: Program.StateID) -> Bool {
        guard rounds[Int(id)] != round else { return false }
        rounds[Int(id)] = round
        return true
    }

    @discardableResult
    mutating func insert(_ id: Program.StateID) -> Bool {
        guard insert(hidden: id) else { return false }
        members.append(id)
        return true
    }
}
