// Every shared vector of a message function, through the library.

import com.fasterxml.jackson.databind.JsonNode
import dev.evergrant.ErrorDetails
import dev.evergrant.OAuthException
import dev.evergrant.messages
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory

class VectorsTest {
    @Test
    fun `there are vectors`() = assertFalse(Vectors.all.isEmpty())

    @Test
    fun `every expected failure is the name of a case`() =
        assertEquals(emptySet<String>(), Vectors.expectedFailures.keys - Vectors.names)

    @TestFactory
    fun vectors(): List<DynamicTest> =
        Vectors.all.map { vector ->
            dynamicTest("${vector.file}: ${vector.name}") {
                ran += 1
                if (vector.name in Vectors.expectedFailures) {
                    assertThrows(Throwable::class.java, { check(vector) }, "it passes: strike it from the expected failures")
                } else {
                    check(vector)
                }
            }
        }

    private fun check(vector: Vector) {
        val given = json.writeValueAsString(vector.given)
        vector.expect.get("ok")?.let { wanted ->
            val output = json.readTree(messages(vector.function, given))
            same(output, wanted, "$")
            // What is data and may be logged must be free of secrets too.
            free("${output.get("error")} ${output.get("evidence")}", vector.secrets)
            return
        }
        val error = assertThrows(OAuthException::class.java) { messages(vector.function, given) }
        val found = membersOf(error.details())
        vector.expect.required("error").properties().forEach { (member, wanted) ->
            assertEquals(wanted.asText(), found.getValue(member)) { "$member; the error is ${error.details()}" }
        }
        free("$error ${error.message} ${error.localizedMessage} ${error.details()} ${error.stackTraceToString()}", vector.secrets)
    }

    /** The text holds no secret, as it is or as JSON writes it. */
    private fun free(text: String, secrets: List<String>) {
        for (form in secrets + secrets.map { json.writeValueAsString(it).removeSurrounding("\"") }) {
            assertFalse(form in text) { "$form is printed" }
        }
    }

    private fun membersOf(details: ErrorDetails) =
        mapOf(
            "code" to details.code.name.lowercase(),
            "party" to details.party.name.lowercase(),
            "field" to details.field,
            "oauth_error" to details.oauthError,
            "action" to snakeCase(details.action.javaClass.simpleName),
        )

    private fun snakeCase(name: String) = name.replace(Regex("(?<=[a-z])[A-Z]")) { "_${it.value}" }.lowercase()

    /** Deep equality, where `{"$any": "string"}` stands for any string that is not empty, `number` for any number. */
    private fun same(found: JsonNode, wanted: JsonNode, path: String) {
        when {
            wanted.path("\$any").asText() == "string" -> assertTrue(found.isTextual && found.asText() != "", path)
            wanted.path("\$any").asText() == "number" -> assertTrue(found.isNumber, path)
            wanted.isObject -> {
                assertTrue(found.isObject, "$path: no object")
                assertEquals(wanted.fieldNames().asSequence().toSet(), found.fieldNames().asSequence().toSet(), "$path: members")
                wanted.properties().forEach { (key, value) -> same(found.get(key), value, "$path.$key") }
            }
            wanted.isArray -> {
                assertTrue(found.isArray && found.size() == wanted.size(), "$path: length")
                wanted.forEachIndexed { at, value -> same(found.get(at), value, "$path[$at]") }
            }
            else -> assertEquals(wanted, found, path)
        }
    }

    companion object {
        private var ran = 0

        @JvmStatic
        @AfterAll
        fun report() {
            val scripts = Vectors.scripts.sumOf { it.required("cases").size() }
            println(
                "report: $ran vectors of ${Vectors.functionFiles.size} files ran; " +
                    "$scripts scripts of ${Vectors.scripts.size} files run in Rust only",
            )
        }
    }
}
