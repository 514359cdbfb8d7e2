import LlamaStackAPI
import RegularExpressions

/// One schema of a document: all of what it says must hold for a value.
///
/// The rules of numbers, strings, arrays and objects concern values of that type alone: `{"minLength": 3}` takes every
/// number.
package struct SchemaNode: Sendable {
    package typealias NodeID = ValueSchema.NodeID

    /// The schema's JSON Pointer in its document: `/properties/city`; empty for the whole.
    package let place: String
    /// The schema `false`, which takes no value.
    package var isNever = false
    /// `type`; all of them where it is absent.
    package var types: ValueTypes = .all
    /// The only values there are, by `enum` or `const`, no two the same; nil where any is.
    package var values: ValueList?
    package var numbers = NumberRules()
    package var strings = StringRules()
    package var arrays = ArrayRules()
    package var objects = ObjectRules()

    /// `$ref`, and `$dynamicRef` where only one schema can be meant: the value must be as that node says, too.
    package var reference: NodeID?
    /// It says nothing beside ``reference``, annotations apart.
    package var isReferenceAlone = false
    /// `$dynamicRef` where the way to it says which schema is meant.
    package var dynamicReference: DynamicReference?
    /// Each of them must take the value.
    package var allOf: [NodeID] = []
    /// One or more must take the value; nil where absent.
    package var anyOf: [NodeID]?
    /// Exactly one must take the value; nil where absent.
    package var oneOf: [NodeID]?
    /// Must not take the value.
    package var not: NodeID?
    /// `if`, with `then` or `else`.
    package var condition: Condition?

    /// The part of the document with a URI of its own that it belongs to, from 0.
    let resource: Int

    init(place: String, resource: Int) { (self.place, self.resource) = (place, resource) }

    package struct DynamicReference: Sendable {
        /// Means the schema of that name in the outermost resource, on the way from the root, that has one.
        package let name: String
        /// Meant where the way has none.
        package let otherwise: NodeID
    }

    package struct Condition: Sendable {
        package let test: NodeID
        /// For values that the test takes.
        package let then: NodeID?
        /// For the others.
        package let otherwise: NodeID?
    }
}

/// The types of JSON values, as `type` names them. A schema that takes numbers takes integers: ``number`` holds
/// ``integer``.
package struct ValueTypes: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let null = Self(rawValue: 1)
    package static let boolean = Self(rawValue: 2)
    /// Numbers without a fraction, `1.0` among them.
    package static let integer = Self(rawValue: 4)
    /// All numbers.
    package static let number = Self(rawValue: 4 | 8)
    package static let string = Self(rawValue: 16)
    package static let array = Self(rawValue: 32)
    package static let object = Self(rawValue: 64)
    package static let all: Self = [.null, .boolean, .number, .string, .array, .object]

    /// By the words of JSON Schema.
    package static let named: KeyValuePairs<String, ValueTypes> = [
        "string": .string, "integer": .integer, "number": .number, "boolean": .boolean, "array": .array,
        "object": .object, "null": .null,
    ]
}

/// The rules of numbers.
package struct NumberRules: Sendable {
    package struct Bound: Sendable {
        /// A number.
        package let value: JSON
        /// The bound itself is not allowed.
        package let isExclusive: Bool
    }

    /// The higher of `minimum` and `exclusiveMinimum`.
    package var least: Bound?
    /// The lower of `maximum` and `exclusiveMaximum`.
    package var greatest: Bound?
    /// A number above 0.
    package var multipleOf: JSON?
}

/// The rules of strings.
package struct StringRules: Sendable {
    /// In Unicode scalars, as ``lengthMax``.
    package var lengthMin = 0
    package var lengthMax: Int?
    /// Found somewhere in the string: `^` and `$` hold it to the ends.
    package var pattern: Pattern?
    /// An annotation: validation does not look at it.
    package var format: String?
}

/// The rules of arrays.
package struct ArrayRules: Sendable {
    package typealias NodeID = ValueSchema.NodeID

    /// For the first items, one each.
    package var prefixItems: [NodeID] = []
    /// For each item after those of the prefix; nil takes any.
    package var items: NodeID?
    package var countMin = 0
    package var countMax: Int?
    /// No two items are the same.
    package var isUnique = false
    package var contains: Contains?
    /// For items that nothing else in the schema has judged.
    package var unevaluatedItems: NodeID?

    package struct Contains: Sendable {
        package let schema: NodeID
        /// The items that it must take, at least; 1 unless `minContains` says otherwise.
        package let countMin: Int
        package let countMax: Int?
    }
}

/// The rules of objects.
package struct ObjectRules: Sendable {
    package typealias NodeID = ValueSchema.NodeID

    package struct Property: Sendable {
        package let name: String
        package let schema: NodeID
        package let isRequired: Bool
    }

    /// In the order of the document.
    package var properties: [Property] = []
    /// All required names in the order of the document, those among ``properties`` and those that are not.
    package var required: [String] = []
    /// For each property whose name the pattern is found in.
    package var patternProperties: [(pattern: Pattern, schema: NodeID)] = []
    /// For each property that neither has judged; nil takes any.
    package var additionalProperties: NodeID?
    /// For each name, as a string.
    package var propertyNames: NodeID?
    package var countMin = 0
    package var countMax: Int?
    /// The names that must be there beside another one.
    package var dependentRequired: [(name: String, required: [String])] = []
    /// The schema of the whole object when it has a property.
    package var dependentSchemas: [(name: String, schema: NodeID)] = []
    /// For properties that nothing else in the schema has judged.
    package var unevaluatedProperties: NodeID?

    /// Places in ``properties`` by name.
    var places: [String: Int] = [:]

    /// The property of that name, to the byte: text that Unicode merely holds to be the same is another name.
    package func property(_ name: String) -> Property? {
        guard let place = places[name], properties[place].name.utf8.elementsEqual(name.utf8) else { return nil }
        return properties[place]
    }
}
