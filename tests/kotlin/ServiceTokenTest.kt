// A service token, its machine driven by hand.

import dev.evergrant.Action
import dev.evergrant.ErrorCode
import dev.evergrant.Event
import dev.evergrant.HttpHeader
import dev.evergrant.HttpResponse
import dev.evergrant.Now
import dev.evergrant.OAuthException
import dev.evergrant.ServiceToken
import dev.evergrant.ServiceTokenWork
import dev.evergrant.SignatureEncoding
import dev.evergrant.StepKind
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class ServiceTokenTest {
    private fun work(): ServiceTokenWork = ServiceToken(serviceClient()).obtain(now, entropy)

    @Test
    fun obtain() {
        val token = ServiceToken(serviceClient())
        assertNull(token.token(now))
        assertTrue(token.wantsRenewal(now))

        val work = token.obtain(now, entropy)
        val step = work.step()
        assertEquals(StepKind.SEND, step.kind())
        val send = step.send()!!
        assertEquals("POST", send.request.method())
        assertTrue(send.clientCertificate)
        assertTrue(send.sendBy.wall > now.wall)
        assertTrue("grant_type=client_credentials" in send.request.body())

        work.answer(step.id(), now, answer())
        assertEquals(StepKind.DONE, work.step().kind())
        val obtained = work.step().accessToken()!!
        assertEquals(TOKEN, obtained.expose())
        assertEquals("Bearer $TOKEN", obtained.authorization())
        assertEquals(43_199_000, obtained.remainingMs(now))

        val held = work.serviceToken()
        assertEquals(obtained.fingerprint(), held.token(now, minLifeMs = 3_600_000)?.fingerprint())
        assertFalse(held.wantsRenewal(now))
    }

    @Test
    fun `events are values`() {
        val work = work()
        assertEquals(emptyList<Event>(), work.events())
        work.answer(work.step().id(), now, answer())
        assertEquals(listOf<Event>(Event.ServiceTokenObtained(43_199_000, false)), work.events())
        assertEquals(emptyList<Event>(), work.events())
    }

    @Test
    fun `misuse is an error and changes nothing`() {
        val work = work()
        val step = work.step()
        val misuse = OAuthException.Misuse::class.java
        assertThrows(misuse) { work.woke(step.id(), now) }
        assertThrows(misuse) { work.signed(step.id(), now, ByteArray(0), SignatureEncoding.RAW) }
        assertThrows(misuse) { work.signFailed(step.id(), now) }
        for (wrong in listOf(0, -1, step.id() + 1, Long.MAX_VALUE, Long.MIN_VALUE)) {
            val error = assertThrows(misuse) { work.answer(wrong, now, answer()) }
            assertEquals(ErrorCode.UNEXPECTED_INPUT, error.details.code)
            assertEquals(Action.Misuse, error.details.action)
        }
        assertEquals(step.id(), work.step().id())
        assertEquals(emptyList<Event>(), work.events())
        work.answer(step.id(), now, answer())
        assertEquals(StepKind.DONE, work.step().kind())
    }

    @Test
    fun `a repeated answer is ignored`() {
        val work = work()
        val id = work.step().id()
        repeat(3) { work.answer(id, now, answer()) }
        assertNotNull(work.step().accessToken())
    }

    @Test
    fun `an answer after the end is taken`() {
        val work = work()
        val first = work.step().id()
        var moment = now
        while (work.step().kind() != StepKind.DONE) {
            val step = work.step()
            when (step.kind()) {
                StepKind.SEND -> work.noAnswer(step.id(), moment, over = false)
                else -> {
                    val waited = step.waitMs()!!
                    moment = Now(moment.wall + waited, moment.steady + waited)
                    work.woke(step.id(), moment)
                }
            }
        }
        val error = assertThrows(OAuthException.RetryLater::class.java) { work.step().accessToken() }
        assertInstanceOf(Action.RetryAfter::class.java, error.details.action)
        work.answer(first, moment, answer())
        assertNotNull(work.serviceToken().token(moment))
    }

    @Test
    fun `no answer at any time breaks it`() {
        val bodies = listOf("", "\u0000", "{", "[".repeat(100_000), """{"access_token":"t","expires_in":1e999""")
        for (clock in listOf(0, -1, Long.MAX_VALUE, Long.MIN_VALUE)) {
            for (body in bodies) {
                val moment = Now(clock, clock)
                val work = ServiceToken(serviceClient()).obtain(moment, entropy, Long.MAX_VALUE)
                work.answer(work.step().id(), moment, HttpResponse(65535u, listOf(HttpHeader("", "\n")), body.toByteArray()))
                assertTrue(work.step().kind() in setOf(StepKind.SEND, StepKind.WAIT, StepKind.DONE))
            }
        }
    }

    @Test
    fun `machines and tokens print redacted`() {
        val client = serviceClient()
        val work = ServiceToken(client).obtain(now, entropy)
        val step = work.step()
        val request = step.send()!!.request
        val response = answer()
        work.answer(step.id(), now, response)
        val done = work.step()
        val things =
            listOf(client, work, step, step.send(), request, request.headers(), response, done, done.accessToken(), work.serviceToken())
        for (thing in things) {
            assertFalse(SECRET in thing.toString(), thing.toString())
            assertFalse(TOKEN in thing.toString(), thing.toString())
        }
        val pending = client().begin(dev.evergrant.AuthorizationRequest(dev.evergrant.Binding.session("s")), now, entropy).pending
        assertEquals("Pending(redacted)", pending.toString())
    }
}
