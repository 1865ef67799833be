package io.finback.nodeagent.boot;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.finback.nodeagent.api.v1.AgentApi;

/**
 * What the API takes; the keys are in {@code reference.conf}.
 *
 * @param maxContainers nested ones that are not removed
 */
record ApiSettings(AgentApi.Limits limits, int maxContainers) {
    private static final String WAITING =
            "akka.actor.default-blocking-io-dispatcher.thread-pool-executor.fixed-pool-size";

    /** One waits for each output, one for a piece of input. */
    private static final int THREADS_OF_SESSION = 3;

    /** @param config all of it */
    static ApiSettings from(Config config) {
        long body = config.getBytes("finback.agent.http.max-body");
        check("http.max-body", body, body >= 1024 && body <= Integer.MAX_VALUE, "1 KiB to 2 GiB");
        int sessions = config.getInt("finback.agent.nested.max-sessions");
        int most = Math.max(0, (threads(config) - 1) / THREADS_OF_SESSION);
        check(
                "nested.max-sessions",
                sessions,
                sessions >= 0 && sessions <= most,
                "0 to " + most + ", a third of " + WAITING);
        int containers = config.getInt("finback.agent.nested.max-containers");
        check("nested.max-containers", containers, containers >= 0 && containers <= 10_000, "0 to 10000");
        return new ApiSettings(new AgentApi.Limits(body, sessions), containers);
    }

    /** A node is given what people have set and our own defaults; Akka's are behind them. */
    private static int threads(Config config) {
        return config.withFallback(ConfigFactory.defaultReference()).resolve().getInt(WAITING);
    }

    private static void check(String key, long value, boolean right, String expected) {
        if (!right) {
            throw new IllegalArgumentException("finback.agent." + key + ": " + value + " (expected: " + expected + ")");
        }
    }
}
