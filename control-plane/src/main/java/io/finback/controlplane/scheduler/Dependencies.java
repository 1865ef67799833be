package io.finback.controlplane.scheduler;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which app needs which. A dependency on a group is one on every app in it; what a group depends on, every app in it depends on. Apps that
 * are named but do not exist count for nothing.
 */
public final class Dependencies {
    private final NavigableMap<String, AppDefinition> apps = new TreeMap<>();
    private final Map<String, List<String>> groups;
    private final Map<String, Set<String>> known = new HashMap<>();

    private Dependencies(Collection<AppDefinition> apps, Map<String, List<String>> groups) {
        apps.forEach(app -> this.apps.put(app.id(), app));
        this.groups = groups;
    }

    /** {@code groups}: the dependencies of groups, all paths absolute. */
    public static Dependencies of(Collection<AppDefinition> apps, Map<String, List<String>> groups) {
        return new Dependencies(apps, groups);
    }

    /** The apps that must be there before {@code appId}. */
    Set<String> direct(String appId) {
        return known.computeIfAbsent(appId, id -> {
            Set<String> found = new TreeSet<>();
            AppDefinition app = apps.get(id);
            if (app == null) {
                return found;
            }
            app.dependencies().forEach(d -> found.addAll(under(d)));
            for (String group : AppPath.ancestors(id)) {
                List<String> needed = groups.getOrDefault(group, List.of());
                needed.forEach(d -> found.addAll(under(d)));
            }
            found.remove(id);
            return found;
        });
    }

    private Set<String> under(String path) {
        Set<String> found = new HashSet<>();
        if (apps.containsKey(path)) {
            found.add(path);
        }
        String from = path.equals("/") ? "/" : path + "/";
        found.addAll(apps.subMap(from, true, from + Character.MAX_VALUE, false).keySet());
        return found;
    }

    /**
     * The length of the longest chain of dependencies below each of {@code wanted} and all they need; empty when some of them need each
     * other in a circle.
     */
    public Optional<Map<String, Integer>> layers(Collection<String> wanted) {
        Map<String, Integer> depth = new HashMap<>();
        Set<String> open = new HashSet<>();
        Deque<String> stack = new ArrayDeque<>(wanted);
        while (!stack.isEmpty()) {
            String app = stack.peek();
            if (depth.containsKey(app)) {
                stack.pop();
                continue;
            }
            boolean first = open.add(app);
            int longest = -1;
            boolean waits = false;
            for (String needed : direct(app)) {
                Integer below = depth.get(needed);
                if (below == null) {
                    if (!first || open.contains(needed)) {
                        return Optional.empty();
                    }
                    waits = true;
                    stack.push(needed);
                } else {
                    longest = Math.max(longest, below);
                }
            }
            if (!waits) {
                depth.put(app, longest + 1);
                open.remove(app);
                stack.pop();
            }
        }
        return Optional.of(depth);
    }
}
