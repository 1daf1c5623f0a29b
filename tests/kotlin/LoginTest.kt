// A login is begun, and its pending half kept.

import dev.evergrant.AuthorizationRequest
import dev.evergrant.Binding
import dev.evergrant.ErrorCode
import dev.evergrant.NamedValue
import dev.evergrant.OAuthException
import dev.evergrant.Pending
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class LoginTest {
    private val request = AuthorizationRequest(Binding.session("session-7"))

    @Test
    fun begin() {
        val login = client().begin(request.copy(scopes = listOf("r:balance"), lifeMs = 600_000), now, entropy)
        assertTrue("client_id=client-of-a-test" in login.url, login.url)
        assertTrue("code_challenge_method=S256" in login.url, login.url)
        assertEquals(login.id, login.pending.id())
        assertEquals(login.id, Pending.parse(login.pending.expose()).id())
    }

    @Test
    fun `the same inputs give the same login`() {
        val client = client()
        assertEquals(client.begin(request, now, entropy).url, client.begin(request, now, entropy).url)
        assertNotEquals(client.begin(request, now, entropy).url, client.begin(request, now, entropy.reversedArray()).url)
    }

    @Test
    fun `without a session in so many words`() {
        val error = assertThrows(OAuthException.RequestRejected::class.java) { Binding.session("") }
        assertEquals("binding", error.details().field)
        assertTrue(client().begin(AuthorizationRequest(Binding.noSession()), now, entropy).url.startsWith("https://"))
    }

    @Test
    fun `parameters keep their order`() {
        val parameters = listOf(NamedValue("zebra", "1"), NamedValue("ant", "2"))
        val url = client().begin(request.copy(parameters = parameters), now, entropy).url
        assertTrue(url.indexOf("zebra=1") < url.indexOf("ant=2"), url)
    }

    @Test
    fun `a printed pending login is named as that mistake`() {
        val pending = client().begin(request, now, entropy).pending
        val error = assertThrows(OAuthException::class.java) { Pending.parse(pending.toString()) }
        assertEquals(ErrorCode.REDACTED_PENDING, error.details().code)
    }

    @Test
    fun `weak entropy and entropy of another length are refused`() {
        for (bytes in listOf(ByteArray(32), ByteArray(0), entropy.copyOf(31), entropy.copyOf(33))) {
            val error = assertThrows(OAuthException.ConfigurationInvalid::class.java) { client().begin(request, now, bytes) }
            assertEquals(ErrorCode.WEAK_ENTROPY, error.details().code)
        }
    }
}
