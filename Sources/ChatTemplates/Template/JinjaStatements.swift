extension Jinja {
    final class Literal: Statement {
        let text: Text
        let line: Int
        init(_ text: String, line: Int) { (self.text, self.line) = (Text(text, trusted: true), line) }
        func run(_ machine: Machine) throws(TemplateError) -> Flow {
            try machine.write(text)
            return .next
        }
    }

    final class Output: Statement {
        let expression: any Expression
        let line: Int
        init(_ expression: any Expression, line: Int) { (self.expression, self.line) = (expression, line) }
        func run(_ machine: Machine) throws(TemplateError) -> Flow {
            let value = try machine.evaluate(expression)
            try machine.write(try machine.shown(value))
            return .next
        }
    }

    /// Statements in a row, whose names end with them.
    final class Group: Statement {
        let body: [any Statement]
        let line: Int
        init(body: [any Statement], line: Int) { (self.body, self.line) = (body, line) }
        func run(_ machine: Machine) throws(TemplateError) -> Flow {
            let around = machine.scope
            defer { machine.scope = around }
            machine.scope = Scope(parent: around)
            return try machine.run(body)
        }
    }

    /// `block`, which sees the template's own names and not those of a loop around it.
    final class Block: Statement {
        let body: [any Statement]
        let isScoped: Bool
        let line: Int
        init(body: [any Statement], isScoped: Bool, line: Int) {
            (self.body, self.isScoped, self.line) = (body, isScoped, line)
        }
        func run(_ machine: Machine) throws(TemplateError) -> Flow {
            let around = machine.scope
            defer { machine.scope = around }
            machine.scope = Scope(parent: isScoped ? around : machine.outermost)
            return try machine.run(body)
        }
    }

    final class If: Statement {
        let branches: [(test: any Expression, body: [any Statement])]
        let otherwise: [any Statement]
        let line: Int
        init(branches: [(test: any Expression, body: [any Statement])], otherwise: [any Statement], line: Int) {
            (self.branches, self.otherwise, self.line) = (branches, otherwise, line)
        }
        func run(_ machine: Machine) throws(TemplateError) -> Flow {
            for branch in branches where try machine.isTrue(branch.test) { return try machine.run(branch.body) }
            return try machine.run(otherwise)
        }
    }

    final class For: Statement {
        let target: Target
        let source: any Expression
        let test: (any Expression)?
        let body: [any Statement]
        let otherwise: [any Statement]
        let loop: Name
        let isRecursive: Bool
        let line: Int
        init(
            target: Target, source: any Expression, test: (any Expression)?, body: [any Statement],
            otherwise: [any Statement], loop: Name, isRecursive: Bool, line: Int
        ) {
            (self.target, self.source, self.test, self.body) = (target, source, test, body)
            (self.otherwise, self.loop, self.isRecursive, self.line) = (otherwise, loop, isRecursive, line)
        }

        func run(_ machine: Machine) throws(TemplateError) -> Flow {
            try run(machine, over: try machine.items(of: try machine.evaluate(source), for: "a for loop"), level: 0)
        }

        /// - Parameter level: calls of this loop's own `loop` around this one.
        func run(_ machine: Machine, over given: [Value], level: Int) throws(TemplateError) -> Flow {
            let items = try chosen(machine, given)
            if items.isEmpty { return try machine.run(otherwise) }
            let around = machine.scope
            let state = try machine.loopState(items, level: level, recursion: isRecursive ? (self, around) : nil)
            defer { machine.scope = around }
            for index in items.indices {
                try machine.charge(Machine.iterationSteps)
                state.index = index
                machine.scope = Scope(parent: around)
                machine.scope.set(loop, .loop(state))
                try machine.assign(items[index], to: target)
                if try machine.run(body) == .breakLoop { break }
            }
            return .next
        }

        /// The items, without those that the loop's own `if` turns down: `loop.length` and `loop.last` never see them.
        private func chosen(_ machine: Machine, _ items: [Value]) throws(TemplateError) -> [Value] {
            guard let test else { return items }
            let around = machine.scope
            defer { machine.scope = around }
            var chosen: [Value] = []
            for item in items {
                try machine.charge(Machine.iterationSteps)
                machine.scope = Scope(parent: around)
                machine.scope.set(loop, .undefined("'loop', which a loop's own if does not have,"))
                try machine.assign(item, to: target)
                if try machine.isTrue(test) { chosen.append(item) }
            }
            return chosen
        }
    }

    final class Jump: Statement {
        let flow: Flow
        let line: Int
        init(_ flow: Flow, line: Int) { (self.flow, self.line) = (flow, line) }
        func run(_ machine: Machine) throws(TemplateError) -> Flow { flow }
    }

    final class Set: Statement {
        let target: Target
        let value: any Expression
        let line: Int
        init(target: Target, value: any Expression, line: Int) {
            (self.target, self.value, self.line) = (target, value, line)
        }
        func run(_ machine: Machine) throws(TemplateError) -> Flow {
            try machine.assign(try machine.evaluate(value), to: target)
            return .next
        }
    }

    final class SetBlock: Statement {
        let target: Target
        let filters: [Step]
        let body: [any Statement]
        let line: Int
        init(target: Target, filters: [Step], body: [any Statement], line: Int) {
            (self.target, self.filters, self.body, self.line) = (target, filters, body, line)
        }
        func run(_ machine: Machine) throws(TemplateError) -> Flow {
            var value = Value.text(try machine.captured(body, scope: Scope(parent: machine.scope)))
            for filter in filters { value = try machine.step(filter, on: value) }
            try machine.assign(value, to: target)
            return .next
        }
    }

    final class FilterBlock: Statement {
        let filters: [Step]
        let body: [any Statement]
        let line: Int
        init(filters: [Step], body: [any Statement], line: Int) {
            (self.filters, self.body, self.line) = (filters, body, line)
        }
        func run(_ machine: Machine) throws(TemplateError) -> Flow {
            var value = Value.text(try machine.captured(body, scope: Scope(parent: machine.scope)))
            for filter in filters { value = try machine.step(filter, on: value) }
            guard case .text(let text) = value else {
                throw machine.fault("a filter block needs text of its filters, got \(value.typeName)")
            }
            try machine.write(text)
            return .next
        }
    }

    final class With: Statement {
        let settings: [(Target, any Expression)]
        let body: [any Statement]
        let line: Int
        init(settings: [(Target, any Expression)], body: [any Statement], line: Int) {
            (self.settings, self.body, self.line) = (settings, body, line)
        }
        func run(_ machine: Machine) throws(TemplateError) -> Flow {
            let around = machine.scope
            defer { machine.scope = around }
            let inside = Scope(parent: around)
            for (target, expression) in settings {
                // Every value is read in the scope around, whatever was set before it.
                let value = try machine.evaluate(expression)
                machine.scope = inside
                try machine.assign(value, to: target)
                machine.scope = around
            }
            machine.scope = inside
            return try machine.run(body)
        }
    }

    final class Macro: Statement {
        let definition: MacroDefinition
        let name: Name
        let line: Int
        init(definition: MacroDefinition, name: Name, line: Int) {
            (self.definition, self.name, self.line) = (definition, name, line)
        }
        func run(_ machine: Machine) throws(TemplateError) -> Flow {
            machine.scope.set(name, machine.macro(definition))
            return .next
        }
    }

    final class CallBlock: Statement {
        let callee: any Expression
        let arguments: CallArguments
        let caller: MacroDefinition
        let line: Int
        init(callee: any Expression, arguments: CallArguments, caller: MacroDefinition, line: Int) {
            (self.callee, self.arguments, self.caller, self.line) = (callee, arguments, caller, line)
        }
        func run(_ machine: Machine) throws(TemplateError) -> Flow {
            let function = try machine.evaluate(callee)
            var given = try machine.arguments(arguments)
            given.caller = machine.macro(caller)
            try machine.write(try machine.shown(try machine.call(function, given)))
            return .next
        }
    }
}
