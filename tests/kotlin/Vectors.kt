// Reads the shared vectors; `tests/vectors` says what the files mean.

import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.ObjectMapper
import com.fasterxml.jackson.databind.node.ObjectNode
import java.nio.file.Path
import kotlin.io.path.exists
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.name

val json = ObjectMapper()

/** One case of a message function. */
data class Vector(
    val file: String,
    val function: String,
    val name: String,
    val given: JsonNode,
    val expect: JsonNode,
    val secrets: List<String>,
)

object Vectors {
    private val folder = Path.of(System.getProperty("workspace.dir"), "tests", "vectors")
    private const val EXPECTED_FAILURES = "expected_failures.json"

    private val files =
        folder
            .listDirectoryEntries("*.json")
            .filter { it.name != EXPECTED_FAILURES }
            .sorted()
            .map { it.name to json.readTree(it.toFile()) }

    /** Scripts of steps, which run in Rust only. */
    val scripts = files.filter { (_, content) -> content.has("script") }.map { (_, content) -> content }

    val functionFiles = files.filter { (_, content) -> !content.has("script") }

    val all =
        functionFiles.flatMap { (file, content) ->
            content.required("cases").map {
                Vector(
                    file = file,
                    function = content.required("function").asText(),
                    name = it.required("name").asText(),
                    given = merged(content.path("defaults"), it.required("given")),
                    expect = it.required("expect"),
                    secrets = it.path("secrets").map { secret -> secret.asText() },
                )
            }
        }

    /** The names of all cases, those of scripts too. */
    val names = files.flatMap { (_, content) -> content.required("cases").map { it.required("name").asText() } }.toSet()

    /** Names of cases that must fail, and why. */
    val expectedFailures: Map<String, String> =
        folder.resolve(EXPECTED_FAILURES).takeIf { it.exists() }?.let { path ->
            json.readTree(path.toFile()).properties().associate { (name, reason) -> name to reason.asText() }
        } ?: emptyMap()

    /** Objects are merged member by member; anything else in `given`, null too, replaces what the defaults have. */
    private fun merged(defaults: JsonNode, given: JsonNode): JsonNode {
        if (defaults !is ObjectNode || given !is ObjectNode) return given
        val out = defaults.deepCopy()
        given.properties().forEach { (name, value) ->
            out.set<JsonNode>(name, defaults.get(name)?.let { merged(it, value) } ?: value)
        }
        return out
    }
}
