// What the tests share: clients, clocks, answers.

import dev.evergrant.Client
import dev.evergrant.HttpHeader
import dev.evergrant.HttpResponse
import dev.evergrant.Now

const val SECRET = "client-secret-of-a-test"
const val TOKEN = "token-of-a-test"

val now = Now(wall = 1_790_000_000_000, steady = 5_000)

/** The same 32 bytes for every test, so that every run is the same. */
val entropy = ByteArray(32) { it.toByte() }

fun client(): Client =
    Client.fromJson(
        """{"profile":"airwallex","environment":"sandbox","client_id":"client-of-a-test","client_secret":"$SECRET",
           "redirect_uri":"https://app.example/callback"}""",
    )

/** A client of Wise, which has client credentials. */
fun serviceClient(): Client =
    Client.fromJson("""{"profile":"wise","environment":"sandbox","client_id":"client-of-a-test","client_secret":"$SECRET"}""")

fun answer(): HttpResponse =
    HttpResponse(
        200u,
        listOf(HttpHeader("content-type", "application/json"), HttpHeader("x-secret", TOKEN)),
        """{"access_token":"$TOKEN","token_type":"bearer","expires_in":43199}""".toByteArray(),
    )
