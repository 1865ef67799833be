package io.finback.nodeagent.isolation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What the operator wants of containment; the keys are under {@code finback.agent}, documented in {@code reference.conf}.
 *
 * @param named isolators that must work; empty: whatever works
 * @param cgroupRoot the name of the group below each hierarchy's own
 * @param hardCpu whether a task's {@code cpus} are also the most it gets
 * @param limitSwap whether swapped-out memory counts
 * @param pidsMax processes and threads of one container at most
 * @param privateTmp whether each task has a {@code /tmp} of its own
 * @param allowRoot whether a task may run as root
 * @param taskUser the account of tasks that name none; empty: the agent's own
 * @param capabilities the most any task gets
 * @param oomScore added to the badness of tasks when the whole machine is out of memory
 */
public record IsolationSettings(
        Optional<Set<Isolator>> named,
        String cgroupRoot,
        boolean hardCpu,
        boolean limitSwap,
        long pidsMax,
        boolean privateTmp,
        boolean allowRoot,
        Optional<String> taskUser,
        Set<Capability> capabilities,
        int oomScore) {
    private static final Pattern GROUP = Pattern.compile("[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*");
    private static final long MOST_PIDS = 4_194_304;

    /** Names of Mesos that are always true here: processes are counted and measured by {@code /proc} where nothing better is on. */
    private static final Set<String> ALWAYS = Set.of("posix/cpu", "posix/mem", "filesystem/posix", "cgroups/cpuacct");

    public IsolationSettings {
        named = named.map(Set::copyOf);
        capabilities = Set.copyOf(capabilities);
        if (!GROUP.matcher(cgroupRoot).matches() || cgroupRoot.contains("..")) {
            throw new IllegalArgumentException("finback.agent.cgroups.root: '" + cgroupRoot
                    + "' (expected: names of letters, digits, '.', '_' and '-', with '/' between them)");
        }
        if (pidsMax < 16 || pidsMax > MOST_PIDS) {
            throw new IllegalArgumentException(
                    "finback.agent.cgroups.pids-max: " + pidsMax + " (expected: 16 to " + MOST_PIDS + ")");
        }
        if (oomScore < 0 || oomScore > 1000) {
            throw new IllegalArgumentException(
                    "finback.agent.oom-score-adjust: " + oomScore + " (expected: 0 to 1000)");
        }
    }

    /** {@code auto}, or names as Mesos' {@code --isolation} takes them: {@code cgroups/cpu,cgroups/mem}. */
    public static Optional<Set<Isolator>> parse(String text) {
        if (text.strip().equals("auto")) {
            return Optional.empty();
        }
        Set<Isolator> named = EnumSet.noneOf(Isolator.class);
        for (String name : text.split(",", -1)) {
            String stripped = name.strip();
            if (stripped.isEmpty() || ALWAYS.contains(stripped)) {
                continue;
            }
            if (stripped.equals("cgroups/all")) {
                named.addAll(EnumSet.of(
                        Isolator.CGROUPS_CPU, Isolator.CGROUPS_MEM, Isolator.CGROUPS_PIDS, Isolator.CGROUPS_KILL));
                continue;
            }
            named.add(Isolator.named(stripped)
                    .orElseThrow(() -> new IllegalArgumentException(
                            "'" + stripped + "' (expected: auto, or of " + known() + ", with commas between them)")));
        }
        // Without a view of its own of /proc, a process would see the pids of another namespace there.
        if (named.contains(Isolator.NAMESPACES_PID)) {
            named.add(Isolator.FILESYSTEM_LINUX);
        }
        return Optional.of(named);
    }

    private static List<String> known() {
        List<String> all = new ArrayList<>(
                Arrays.stream(Isolator.values()).map(Isolator::toString).toList());
        all.add("cgroups/all");
        ALWAYS.stream().sorted().forEach(all::add);
        return all;
    }
}
