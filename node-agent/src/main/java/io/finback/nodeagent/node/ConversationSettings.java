package io.finback.nodeagent.node;

import java.time.Duration;

/**
 * The clockwork of the conversation with the masters.
 *
 * @param registerEvery how often Register is repeated until it is answered
 * @param retryRefused how long after a refusal the next try is
 * @param silence without an answer for so long, the agent registers again
 * @param resendFirst an unacknowledged update is said again after this long …
 * @param resendLongest … doubling up to this: a scheduler that could not write for half a minute hears of an end soon after
 */
public record ConversationSettings(
        Duration registerEvery, Duration retryRefused, Duration silence, Duration resendFirst, Duration resendLongest) {
    /** Part of the contract with the masters, so no settings of an installation. */
    public static final ConversationSettings STANDARD = new ConversationSettings(
            Duration.ofSeconds(1),
            Duration.ofSeconds(30),
            Duration.ofSeconds(5),
            Duration.ofSeconds(2),
            Duration.ofSeconds(10));
}
