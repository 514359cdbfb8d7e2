import JSONSchema
import LlamaStackAPI

extension SchemaCompiler {
    /// The ways in which a value can fail to be as a node says: by one of its keywords. A way that no grammar can write
    /// is left out, so that what is generated is right, if not all that is right.
    func complement(of node: SchemaNode) -> [Branch] {
        if node.isNever { return [Branch()] }
        var ways: [Branch] = []
        let otherTypes = ValueTypes.all.subtracting(node.types)
        if !otherTypes.isEmpty { ways.append(Branch { $0.types.formIntersection(otherTypes) }) }
        if let values = node.values?.values { ways.append(Branch { $0.otherThan += values }) }
        ways += complement(of: node.numbers) + complement(of: node.strings) + complement(of: node.arrays)
        ways += complement(of: node.objects)
        if let reference = node.reference { ways.append(Branch(nodes: [~reference])) }
        ways += node.allOf.map { Branch(nodes: [~$0]) }
        if let anyOf = node.anyOf { ways.append(Branch(nodes: anyOf.map { ~$0 })) }
        if let oneOf = node.oneOf {
            ways.append(Branch(nodes: oneOf.map { ~$0 }))
            for second in oneOf.indices {
                ways += oneOf[..<second].map { holding([$0, oneOf[second]]) }
            }
        }
        if let not = node.not { ways.append(holding([not])) }
        if let condition = node.condition {
            ways += [condition.then].compactMap { $0 }.map { holding([condition.test, ~$0]) }
            ways += [condition.otherwise].compactMap { $0 }.map { Branch(nodes: [~condition.test, ~$0]) }
        }
        return ways
    }

    private func holding(_ nodes: [NodeID]) -> Branch { Branch(nodes: nodes) { $0.holdsByComplement = true } }

    private func complement(of numbers: NumberRules) -> [Branch] {
        func beyond(_ bound: NumberRules.Bound, isLeast: Bool) -> Branch {
            way(.number) {
                $0.numberLimits.append(
                    NumberLimit(value: bound.value, isExclusive: !bound.isExclusive, isLeast: isLeast))
            }
        }
        return [
            numbers.least.map { beyond($0, isLeast: false) }, numbers.greatest.map { beyond($0, isLeast: true) },
        ].compactMap { $0 }
    }

    private func complement(of strings: StringRules) -> [Branch] {
        var ways = others(strings.lengthMin, strings.lengthMax).map { range in
            way(.string) { $0.lengths.append(range) }
        }
        if let pattern = strings.pattern { ways.append(way(.string) { $0.otherThanPatterns.append(pattern) }) }
        return ways
    }

    private func complement(of arrays: ArrayRules) -> [Branch] {
        others(arrays.countMin, arrays.countMax).map { range in way(.array) { $0.itemCounts.append(range) } }
    }

    /// Counts below and above the bounds.
    private func others(_ least: Int, _ most: Int?) -> [ClosedRange<Int>] {
        var ranges: [ClosedRange<Int>] = []
        if least > 0 { ranges.append(0...least - 1) }
        if let most, most < .max { ranges.append(max(0, most + 1)...(.max)) }
        return ranges
    }

    private func way(_ types: ValueTypes, _ change: @escaping (inout Alternative) -> Void) -> Branch {
        Branch {
            $0.types.formIntersection(types)
            change(&$0)
        }
    }

    private func complement(of objects: ObjectRules) -> [Branch] {
        var ways = others(objects.countMin, objects.countMax).map { range in
            way(.object) { $0.memberCounts.append(range) }
        }
        for name in objects.required { ways.append(way(.object) { $0.absent.append(name) }) }
        for property in objects.properties {
            ways.append(
                way(.object) {
                    $0.required.append(property.name)
                    $0.properties.append((property.name, ~property.schema))
                })
        }
        for (name, required) in objects.dependentRequired {
            for other in required {
                ways.append(
                    way(.object) {
                        $0.required.append(name)
                        $0.absent.append(other)
                    })
            }
        }
        return ways
    }
}
