package io.finback.nodeagent.executor;

import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.tasks.ExecutorRuns;
import io.finback.tasks.TaskInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The environment of a task: the little of the agent's own that programs need to be found and to speak, what Mesos gives, and the
 * command's own, which wins. Nothing else of the agent's environment (it may hold secrets) reaches a task.
 *
 * @param exported variables a shell hands on untouched
 * @param assigned variables a POSIX shell drops or changes (names that are no identifiers, its own ones, the linker's), which
 *     {@code env NAME=value} sets instead; their values are visible in the process list for the moment of the start
 */
record TaskEnvironment(Map<String, String> exported, Map<String, String> assigned) {
    private static final List<String> FROM_AGENT = List.of("PATH", "HOME", "LANG", "LC_ALL", "TZ");
    private static final String DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    private static final Pattern IDENTIFIER = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    /** Variables that shells set, refuse or obey. */
    private static final Set<String> SHELL_OWN = Set.of(
            "_",
            "BASH",
            "BASHOPTS",
            "BASH_ENV",
            "BASHPID",
            "CDPATH",
            "DIRSTACK",
            "ENV",
            "EUID",
            "FUNCNAME",
            "GROUPS",
            "IFS",
            "LINENO",
            "OLDPWD",
            "OPTARG",
            "OPTERR",
            "OPTIND",
            "POSIXLY_CORRECT",
            "PPID",
            "PS1",
            "PS2",
            "PS4",
            "PWD",
            "RANDOM",
            "SECONDS",
            "SHELLOPTS",
            "SHLVL",
            "UID");

    /** Variables that libraries obey: nothing a task names may be loaded into a program of root's that starts it. Source: ld.so(8). */
    private static final Set<String> LIBRARY_OWN = Set.of(
            "GCONV_PATH",
            "GETCONF_DIR",
            "GLIBC_TUNABLES",
            "HOSTALIASES",
            "LOCALDOMAIN",
            "LOCPATH",
            "MALLOC_TRACE",
            "NIS_PATH",
            "NLSPATH",
            "RESOLV_HOST_CONF",
            "RES_OPTIONS",
            "TZDIR");

    static TaskEnvironment of(ContainerSpec spec, String hostname, Map<String, String> agentEnvironment) {
        TaskInfo task = spec.task();
        Map<String, String> all = new TreeMap<>();
        all.put("PATH", DEFAULT_PATH);
        for (String name : FROM_AGENT) {
            String value = agentEnvironment.get(name);
            if (value != null) {
                all.put(name, value);
            }
        }
        all.put("HOST", hostname);
        if (!ExecutorRuns.isRun(task.id())) {
            all.put("MESOS_TASK_ID", task.id().value());
        }
        all.put("MESOS_EXECUTOR_ID", task.id().value());
        all.put("MESOS_FRAMEWORK_ID", task.framework().value());
        all.put("MESOS_AGENT_ID", task.agent().value());
        all.put("MESOS_SLAVE_ID", task.agent().value());
        all.put("MESOS_SANDBOX", spec.sandbox().toString());
        all.put("MESOS_DIRECTORY", spec.sandbox().toString());
        all.putAll(spec.environment());
        all.putAll(task.command().environment());

        return split(all);
    }

    /** What a shell and the programs of root before the command may hear, and what the command alone may. */
    static TaskEnvironment split(Map<String, String> all) {
        Map<String, String> exported = new TreeMap<>();
        Map<String, String> assigned = new TreeMap<>();
        all.forEach((name, value) -> (isSafe(name) ? exported : assigned).put(name, value));
        return new TaskEnvironment(exported, assigned);
    }

    /** {@code NAME=value} for {@code env}. */
    List<String> assignments() {
        List<String> arguments = new ArrayList<>();
        assigned.forEach((name, value) -> arguments.add(name + "=" + value));
        return arguments;
    }

    private static boolean isSafe(String name) {
        return IDENTIFIER.matcher(name).matches()
                && !SHELL_OWN.contains(name)
                && !LIBRARY_OWN.contains(name)
                && !name.startsWith("LD_");
    }
}
