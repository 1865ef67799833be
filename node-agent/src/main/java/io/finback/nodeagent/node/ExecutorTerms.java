package io.finback.nodeagent.node;

import io.finback.nodeagent.task.AgentTask;
import io.finback.tasks.ExecutorInfo;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How this agent deals with executors; the keys are under {@code finback.agent.executor}, documented in {@code reference.conf}.
 *
 * @param registration how long a new executor may take to subscribe
 * @param reregistration how long one may take to find a new agent
 * @param shutdownGrace what it has to end in, when it does not say
 * @param recovery what executors are told to wait for an agent at most
 * @param address where executors on this machine reach the agent API, {@code host:port}
 * @param door what they need to be let in there
 */
public record ExecutorTerms(
        Duration registration,
        Duration reregistration,
        Duration shutdownGrace,
        Duration recovery,
        String address,
        ExecutorDoor door) {
    /** What executors are told of how long to wait at most between two tries to subscribe. Source: Mesos. */
    private static final Duration BACKOFF = Duration.ofSeconds(2);

    public ExecutorTerms {
        TasksSettings.atLeast("executor.registration-timeout", registration, Duration.ofSeconds(1));
        TasksSettings.atLeast("executor.reregistration-timeout", reregistration, Duration.ofSeconds(1));
        TasksSettings.atLeast("executor.shutdown-grace", shutdownGrace, Duration.ZERO);
        TasksSettings.atLeast("executor.recovery-timeout", recovery, Duration.ofSeconds(1));
    }

    /** The same, reached elsewhere, by another door. */
    public ExecutorTerms at(String other, ExecutorDoor through) {
        return new ExecutorTerms(registration, reregistration, shutdownGrace, recovery, other, through);
    }

    /** What a program finds in its environment because of its executor. Source: Mesos {@code src/slave/slave.cpp}. */
    Map<String, String> environment(AgentTask task) {
        Map<String, String> more = new HashMap<>();
        Optional<ExecutorInfo> executor = task.info().options().executor();
        executor.ifPresent(one -> more.put("MESOS_EXECUTOR_ID", one.id()));
        if (!task.isExecutorRun()) {
            return more;
        }
        String host = address.substring(0, Math.max(0, address.lastIndexOf(':')));
        more.put("MESOS_AGENT_ENDPOINT", address);
        more.put("MESOS_SLAVE_PID", "slave(1)@" + address);
        more.put("MESOS_CHECKPOINT", "1");
        more.put("MESOS_HTTP_COMMAND_EXECUTOR", "0");
        more.put(
                "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD",
                text(executor.flatMap(ExecutorInfo::shutdownGrace).orElse(shutdownGrace)));
        more.put("MESOS_RECOVERY_TIMEOUT", text(recovery));
        more.put("MESOS_SUBSCRIPTION_BACKOFF_MAX", text(BACKOFF));
        more.putAll(door.environment(
                task.info().framework().value(),
                executor.map(ExecutorInfo::id).orElse("")));
        more.put("LIBPROCESS_PORT", "0");
        more.put("LIBPROCESS_IP", host);
        return more;
    }

    /** As Mesos writes durations: a number and the largest unit that leaves it whole. */
    static String text(Duration duration) {
        long millis = duration.toMillis();
        if (millis % 1000 != 0) {
            return millis + "ms";
        }
        long seconds = millis / 1000;
        return seconds > 0 && seconds % 60 == 0 ? seconds / 60 + "mins" : seconds + "secs";
    }
}
