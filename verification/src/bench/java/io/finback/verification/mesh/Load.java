package io.finback.verification.mesh;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What is done to a target: wrk's closed loop, or an open loop at a rate. */
sealed interface Load {
    String name();

    Measured run(Target target, int seconds) throws IOException, InterruptedException;

    /** As fast as answers come, each connection one request at a time. */
    record Closed(int connections, boolean close) implements Load {
        private static final Pattern TOTAL = Pattern.compile("(\\d+) requests in");
        private static final Pattern RATE = Pattern.compile("Requests/sec:\\s+([0-9.]+)");
        private static final Pattern QUANTILE = Pattern.compile("\\s(50|99)%\\s+([0-9.]+)(us|ms|s|m)");
        private static final Pattern ERRORS = Pattern.compile("connect (\\d+), read (\\d+), write (\\d+), timeout (\\d+)");
        private static final Pattern OTHER = Pattern.compile("Non-2xx or 3xx responses: (\\d+)");

        @Override
        public String name() {
            return close ? "new connection each, " + connections + " at once" : connections + " connections";
        }

        @Override
        public Measured run(Target target, int seconds) throws IOException, InterruptedException {
            List<String> command = new ArrayList<>(List.of(
                    "wrk", "-t1", "-c" + connections, "-d" + seconds + "s", "--timeout", "10s", "--latency", "-H", "Host: web"));
            if (close) {
                command.addAll(List.of("-H", "Connection: close"));
            }
            command.add("http://127.0.0.1:" + target.port() + "/");
            long before = target.cpuMillis();
            Process wrk = new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(wrk.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            if (wrk.waitFor() != 0) {
                throw new IOException(target.name() + ": " + said);
            }
            long cpu = target.cpuMillis() - before;
            long wrong = 0;
            Matcher errors = ERRORS.matcher(said);
            if (errors.find()) {
                for (int i = 1; i <= 4; i++) {
                    wrong += Long.parseLong(errors.group(i));
                }
            }
            Matcher other = OTHER.matcher(said);
            long bad = other.find() ? Long.parseLong(other.group(1)) : 0;
            long requests = Long.parseLong(first(TOTAL, said)) - bad;
            double[] quantiles = new double[2];
            Matcher quantile = QUANTILE.matcher(said);
            while (quantile.find()) {
                quantiles[quantile.group(1).equals("50") ? 0 : 1] = millis(quantile.group(2), quantile.group(3));
            }
            return new Measured(
                    requests,
                    wrong + bad,
                    Double.parseDouble(first(RATE, said)),
                    quantiles[0],
                    quantiles[1],
                    requests == 0 ? 0 : cpu * 1_000.0 / requests);
        }

        private static String first(Pattern pattern, String text) throws IOException {
            Matcher matcher = pattern.matcher(text);
            if (!matcher.find()) {
                throw new IOException("wrk said: " + text);
            }
            return matcher.group(1);
        }

        private static double millis(String number, String unit) {
            double value = Double.parseDouble(number);
            return switch (unit) {
                case "us" -> value / 1_000;
                case "ms" -> value;
                case "s" -> value * 1_000;
                default -> value * 60_000;
            };
        }
    }

    /** So many requests a second, whether or not answers come; a request waits for a free connection and that counts. */
    record Open(int connections, int perSecond) implements Load {
        @Override
        public String name() {
            return String.format(Locale.ROOT, "open loop, %,d/s", perSecond);
        }

        @Override
        public Measured run(Target target, int seconds) throws IOException {
            return OpenLoop.run(target, connections, perSecond, seconds);
        }
    }
}
