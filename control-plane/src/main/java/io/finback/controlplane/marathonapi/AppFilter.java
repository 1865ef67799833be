package io.finback.controlplane.marathonapi;

import io.finback.controlplane.app.AppSnapshot;
import io.finback.controlplane.scheduler.AppDefinition;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The filters of {@code GET /v2/apps}: parts of id and command, and label selectors. Source: Marathon's LabelSelectorParsers. */
final class AppFilter {
    private static final String NAME = "((?:[A-Za-z0-9_.-]|\\\\.)+)";
    private static final Pattern EXISTS = Pattern.compile(NAME);
    private static final Pattern EQUALS = Pattern.compile(NAME + "\\s*(==|!=)\\s*" + NAME);
    private static final Pattern IN = Pattern.compile(NAME + "\\s+(in|notin)\\s+\\(([^()]*)\\)");
    private static final Pattern COMMA = Pattern.compile(",(?![^(]*\\))");

    private final List<Predicate<AppDefinition>> all = new ArrayList<>();

    private AppFilter() {}

    static AppFilter of(Request request) {
        AppFilter filter = new AppFilter();
        request.first("id").ifPresent(part -> filter.all.add(app -> contains(app.id(), part)));
        request.first("cmd")
                .ifPresent(part -> filter.all.add(app -> contains(app.cmd().orElse(""), part)));
        request.first("label").ifPresent(selector -> {
            for (String term : COMMA.split(selector, -1)) {
                Predicate<Map<String, String>> labels = labels(term.strip());
                filter.all.add(app -> labels.test(app.labels()));
            }
        });
        return filter;
    }

    boolean accepts(AppSnapshot app) {
        AppDefinition definition = app.current().orElseThrow().definition();
        return all.stream().allMatch(one -> one.test(definition));
    }

    private static boolean contains(String text, String part) {
        return text.toLowerCase(Locale.ROOT).contains(part.toLowerCase(Locale.ROOT));
    }

    private static Predicate<Map<String, String>> labels(String term) {
        Matcher exists = EXISTS.matcher(term);
        if (exists.matches()) {
            String name = plain(exists.group(1));
            return labels -> labels.containsKey(name);
        }
        Matcher equals = EQUALS.matcher(term);
        if (equals.matches()) {
            boolean same = equals.group(2).equals("==");
            return one(plain(equals.group(1)), List.of(plain(equals.group(3))), same);
        }
        Matcher in = IN.matcher(term);
        if (in.matches()) {
            List<String> values = Arrays.stream(in.group(3).split(",", -1))
                    .map(v -> plain(v.strip()))
                    .toList();
            return one(plain(in.group(1)), values, in.group(2).equals("in"));
        }
        throw ApiFailure.of(
                422, "Bad label selector: '" + term + "' (expected: a, a==b, a!=b, a in (x, y) or a notin (x, y))");
    }

    private static Predicate<Map<String, String>> one(String name, List<String> values, boolean in) {
        return labels -> Optional.ofNullable(labels.get(name))
                .filter(v -> values.contains(v) == in)
                .isPresent();
    }

    private static String plain(String escaped) {
        return escaped.replaceAll("\\\\(.)", "$1");
    }
}
