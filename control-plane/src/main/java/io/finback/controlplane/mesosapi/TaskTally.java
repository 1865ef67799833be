package io.finback.controlplane.mesosapi;

import com.fasterxml.jackson.core.JsonGenerator;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.finback.controlplane.framework.FrameworkDelta;
import io.finback.controlplane.view.Page;
import io.finback.controlplane.view.Pages;
import io.finback.resources.AgentId;
import io.finback.tasks.TaskState;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Tasks in numbers: by state, by agent and state, and what they hold by role. Made once for a page, so that counting two hundred
 * thousand tasks costs what changed of them. Not thread-safe while it is added to.
 */
final class TaskTally {
    private static final int STATES = TaskState.values().length;
    private static final Page.Derivation<FrameworkDelta.Task, TaskTally> OF_PAGE =
            Page.Derivation.of(TaskTally::ofTasks);

    private final long[] states = new long[STATES];
    private final Map<AgentId, long[]> agents = new HashMap<>();
    private final Map<String, Amounts> held = new TreeMap<>();

    static TaskTally of(Pages<FrameworkDelta.Task> tasks) {
        TaskTally sum = new TaskTally();
        tasks.pages().forEach(page -> sum.add(page.derived(OF_PAGE)));
        return sum;
    }

    private static TaskTally ofTasks(List<FrameworkDelta.Task> tasks) {
        TaskTally sum = new TaskTally();
        for (FrameworkDelta.Task task : tasks) {
            int state = task.status().state().number();
            sum.states[state]++;
            sum.agents.computeIfAbsent(task.agent(), id -> new long[STATES])[state]++;
            if (!task.status().state().isTerminal() && !TaskJson.isUnreachable(task)) {
                sum.held.computeIfAbsent(task.role(), role -> new Amounts()).add(task.resources());
            }
        }
        return sum;
    }

    @CanIgnoreReturnValue
    TaskTally add(TaskTally other) {
        plus(states, other.states);
        other.agents.forEach((agent, counts) -> plus(agents.computeIfAbsent(agent, id -> new long[STATES]), counts));
        other.held.forEach((role, amounts) ->
                held.computeIfAbsent(role, name -> new Amounts()).add(amounts));
        return this;
    }

    long count(TaskState state) {
        return states[state.number()];
    }

    /** Agent to number of tasks by the state's number. */
    Map<AgentId, long[]> agents() {
        return agents;
    }

    /** Role to what tasks hold that have not ended and whose agent answers. */
    Map<String, Amounts> held() {
        return held;
    }

    Amounts allHeld() {
        Amounts sum = new Amounts();
        held.values().forEach(sum::add);
        return sum;
    }

    void writeCounters(JsonGenerator to) throws IOException {
        writeCounters(states, to);
    }

    static void writeCounters(long[] states, JsonGenerator to) throws IOException {
        for (TaskState state : TaskState.values()) {
            to.writeNumberField(state.wireName(), states[state.number()]);
        }
    }

    static long[] nothing() {
        return new long[STATES];
    }

    static void plus(long[] sum, long[] more) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] += more[i];
        }
    }
}
