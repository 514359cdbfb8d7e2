import LlamaStackAPI

extension ValueSchema {
    /// The schema of a tool's arguments, whichever of the two spellings its parameters came in.
    ///
    /// Parameters by name are all there are: other arguments break the schema. A JSON Schema says so itself or does
    /// not.
    package static func ofTool(
        parameters: JSON, limits: SchemaLimits = SchemaLimits()
    ) throws(SchemaError) -> ValueSchema {
        guard case .object(let given) = parameters else {
            throw SchemaError("", "", "must be an object of parameters, got \(Excerpt.text(of: parameters))")
        }
        var schema = ToolParameters.schema(of: given)
        if !ToolParameters.isSchema(given) { schema["additionalProperties"] = false }
        return try ValueSchema(parsing: .object(schema), limits: limits)
    }
}

/// The parameters of a tool: a JSON Schema, or name -> `{param_type, description, required}`.
package enum ToolParameters {
    /// A JSON Schema of an object, with types in its words: models were trained on those.
    package static func schema(of parameters: JSONObject) -> JSONObject {
        TypeWords.inSchemaWords(isSchema(parameters) ? parameters : schema(byName: parameters))
    }

    /// Whether they are a JSON Schema rather than parameters by name, which may be called `type` and `properties`.
    static func isSchema(_ parameters: JSONObject) -> Bool {
        if case .object(let properties)? = parameters["properties"], properties["param_type"]?.stringValue == nil {
            return true
        }
        return TypeWords.namesObject(parameters["type"]) || parameters["$ref"]?.stringValue != nil
    }

    private static func schema(byName parameters: JSONObject) -> JSONObject {
        var properties = JSONObject()
        var required: [JSON] = []
        for parameter in parameters.members {
            guard case .object(let given) = parameter.value else {
                // `{"city": "str"}`
                let type = parameter.value.stringValue.flatMap(TypeWords.schema(of:)) ?? [:]
                properties.append(parameter.key, .object(type))
                continue
            }
            var property = JSONObject()
            for field in given.members where field.key != "required" {
                property[field.key == "param_type" ? "type" : field.key] = field.value
            }
            // A parameter of an object may list the properties that it needs itself.
            if case .array? = given["required"] { property["required"] = given["required"] }
            properties.append(parameter.key, .object(property))
            if given["required"] != .bool(false) { required.append(.string(parameter.key)) }
        }
        return ["type": "object", "properties": .object(properties), "required": .array(required)]
    }
}
