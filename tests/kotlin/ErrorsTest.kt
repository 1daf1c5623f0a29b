// Errors: one case for each thing to do, structured, and nothing worse than an error.

import dev.evergrant.Action
import dev.evergrant.Client
import dev.evergrant.ErrorCode
import dev.evergrant.OAuthException
import dev.evergrant.Party
import dev.evergrant.Pending
import dev.evergrant.messageNames
import dev.evergrant.messages
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource

class ErrorsTest {
    @Test
    fun `a configuration error names the field`() {
        val error =
            assertThrows(OAuthException.ConfigurationInvalid::class.java) {
                Client.fromJson("""{"profile":"airwallex","environment":"sandbox","client_id":7}""")
            }
        assertEquals(ErrorCode.INVALID_CONFIGURATION, error.details.code)
        assertEquals(Party.HOST, error.details.party)
        assertEquals("client_id", error.details.field)
        assertEquals(Action.FixConfiguration, error.details.action)
        assertNull(error.description)
    }

    @Test
    fun `a secret in a faulty configuration is not printed`() {
        val error =
            assertThrows(OAuthException::class.java) {
                Client.fromJson("""{"profile":"airwallex","environment":"nowhere","client_id":"c","client_secret":"$SECRET"}""")
            }
        assertFalse(SECRET in "$error ${error.message} ${error.details()} ${error.stackTraceToString()}")
    }

    @ParameterizedTest
    @MethodSource("garbage")
    fun `garbage is an error and nothing worse`(text: String) {
        assertThrows(OAuthException::class.java) { Client.fromJson(text) }
        assertThrows(OAuthException::class.java) { Pending.parse(text) }
        assertThrows(OAuthException::class.java) { messages(text, "{}") }
        for (name in messageNames()) {
            assertThrows(OAuthException::class.java) { messages(name, text) }
        }
    }

    companion object {
        @JvmStatic
        fun garbage() =
            listOf("", " ", "null", "[]", "{", "\u0000", "\uD7FF\uFFFF", "\"".repeat(1000), "[".repeat(100_000), "{\"a\":".repeat(10_000), "1e999")
    }
}
