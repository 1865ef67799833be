package io.finback.controlplane.allocator

import io.finback.resources.{AgentId, FrameworkId, OfferId, Ranges, Resources, TaskId}
import org.scalacheck.Gen
import org.scalacheck.rng.Seed
import org.scalatest.funsuite.AnyFunSuite

import java.time.{Duration, Instant}
import java.util.Optional
import scala.collection.mutable
import scala.jdk.CollectionConverters._

/**
 * Random histories against the pure allocator: commands in batches, crashes that lose what was not journaled and everything that is
 * not durable, snapshots, and every message possibly repeated. Promise 2 is checked after every step. A failure prints its seed;
 * run again with `-Dfinback.seed=…`.
 */
class AllocatorPropertiesSpec extends AnyFunSuite {
  import AllocatorPropertiesSpec._

  private val Runs = 300
  private val Steps = 120
  private val frameworks = Vector("f1", "f2", "f3").map(FrameworkId.of)
  private val agents = Vector("a1", "a2", "a3", "a4").map(AgentId.of)

  private val commands: Gen[Step] = for {
    n <- Gen.choose(1, 6)
    kinds <- Gen.listOfN(n, Gen.choose(0, 11))
    picks <- Gen.listOfN(n * 4, Gen.choose(0, 1 << 16))
  } yield Commands(kinds, picks)
  private val step: Gen[Step] =
    Gen.frequency(40 -> commands, 1 -> Gen.const(Crash), 2 -> Gen.const(CrashBeforeJournal), 1 -> Gen.const(Snapshot))
  private val history: Gen[List[Step]] = Gen.listOfN(Steps, step)

  test("offered + allocated <= total, claims are idempotent, replay equals the live state, and ended tasks leave nothing behind") {
    val first = Option(System.getProperty("finback.seed")).map(_.toLong).getOrElse(System.nanoTime())
    println(s"allocator histories: seed $first")
    for (run <- 0 until Runs) {
      val seed = first + run
      val steps = history.pureApply(Gen.Parameters.default.withSize(Steps), Seed(seed))
      try new World(seed).run(steps)
      catch { case failure: Throwable => throw new AssertionError(s"-Dfinback.seed=$seed: ${failure.getMessage}", failure) }
    }
  }

  private final class World(seed: Long) {
    private val policy = new OfferPolicy(Duration.ofSeconds(5), 10, 32000)
    private val journal = mutable.Buffer.empty[AllocatorEvent]
    private var snapshot = AllocatorSnapshot.of(List.empty[AgentRecord].asJava, List.empty[Holding].asJava)
    private var sinceSnapshot = 0
    private var incarnation = 0
    private var state = new AllocatorState()
    private var book = newBook()
    private var now = Instant.EPOCH
    private var nextTask = 0
    /** What was answered "granted" after the journal had it: promised until released. */
    private val granted = mutable.LinkedHashMap.empty[TaskKey, Holding]
    private val offersSeen = mutable.Buffer.empty[Offered]
    private var pending = Vector.empty[() => Unit]

    def run(steps: List[Step]): Unit = {
      steps.foreach { step =>
        now = now.plusMillis(700)
        step match {
          case Commands(kinds, picks) => batch(kinds, picks, journaled = true)
          case Crash                  => recover()
          case CrashBeforeJournal     => batch(List(5, 3, 8), List.fill(12)(nextTask), journaled = false); recover()
          case Snapshot               => snapshot = state.snapshot(); sinceSnapshot = journal.size
        }
        check()
      }
      granted.keys.toList.foreach { key => one(_.release(key)); () }
      state.agents.asScala.flatMap(_.tasks.asScala).toList.foreach { key => one(_.release(key)); () }
      granted.clear()
      state.agents.asScala.foreach(a => assert(a.unallocated == a.spec.total, s"left behind on ${a.spec.id}"))
      assert(state.holdingCount == 0)
    }

    private def batch(kinds: List[Int], picks: List[Int], journaled: Boolean): Unit = {
      val round = new AllocatorRound(state, book, now)
      pending = Vector.empty
      kinds.zipWithIndex.foreach { case (kind, i) => command(round, kind, picks.slice(i * 4, i * 4 + 4)) }
      if (journaled) settle(round)
    }

    private def one(action: AllocatorRound => Unit): Unit = {
      pending = Vector.empty
      val round = new AllocatorRound(state, book, now)
      action(round)
      settle(round)
    }

    private def settle(round: AllocatorRound): Unit = {
      round.event.ifPresent { event => journal += event; state = state.apply(event) }
      round.check()
      pending.foreach(_.apply())
      book.expire(now)
      offersSeen ++= book.pass(state, now).asScala
      ()
    }

    private def command(round: AllocatorRound, kind: Int, p: List[Int]): Unit = {
      val agent = agents(p(0) % agents.size)
      val framework = frameworks(p(1) % frameworks.size)
      kind match {
        case 0 | 1 => admit(round, agent, p)
        case 2     => round.lose(agent); ()
        case 3 | 4 => claim(round, p, fresh = true)
        case 5     => claim(round, p, fresh = false)
        case 6     => endOne(round, p(2))
        case 7     => join(framework, p(2) % 4 == 0)
        case 8     => book.setOfferable(agent, p(2) % 3 != 0); ()
        case 9     => offer(p(2)).foreach(o => { round.decline(o.framework, List(o.id).asJava, Duration.ofSeconds(p(3).toLong % 3)); () })
        case 10    => book.revive(framework, java.util.Set.of())
        case _     => if (p(2) % 5 == 0) { book.leave(framework); () } else join(framework, suppressed = false)
      }
    }

    private def join(framework: FrameworkId, suppressed: Boolean): Unit = {
      book.join(framework, ClientSpec.of("*", suppressed))
      ()
    }

    private def admit(round: AllocatorRound, agent: AgentId, p: List[Int]): Unit = {
      val total = Resources.of(2.0 + p(1) % 3, 1024.0 * (1 + p(2) % 4), 0).withPorts(Ranges.of(31000, 31000L + 10 + p(1) % 5))
      val spec = new AgentSpec(agent, "host", 5051, total, Map.empty[String, String].asJava, "1")
      val unknown =
        if (p(3) % 6 == 0) List(new Holding(new TaskKey(frameworks(0), TaskId.of(s"orphan-${p(3)}")), agent, Resources.of(0.5, 10, 0)))
        else Nil
      val known = state.agent(agent).map[List[Holding]](_.tasks.asScala.toList.flatMap(k => state.holding(k).map[List[Holding]](List(_)).orElse(Nil))).orElse(Nil)
      round.admit(spec, (unknown ++ known).asJava, round.nextSession(agent, 0))
      book.setOfferable(agent, true)
      ()
    }

    private def offer(pick: Int): Option[Offered] =
      if (offersSeen.isEmpty) None else Some(offersSeen(math.max(0, offersSeen.size - 1 - pick % 12)))

    private def claim(round: AllocatorRound, p: List[Int], fresh: Boolean): Unit =
      if (fresh) offer(p(2)).foreach { o =>
        nextTask += 1
        val wish = new ClaimRound.Wish(
          TaskId.of(s"t$nextTask"),
          Resources.of(0.1 * (1 + p(3) % 20), 64, 0).withPorts(if (p(3) % 2 == 0) Ranges.EMPTY else Ranges.of(31000L + p(3) % 8, 31000L + p(3) % 8)))
        val before = book.standing(o.framework, o.agent, List(o.id).asJava).isPresent
        val outcome = claimed(round, o.framework, o.agent, List(o.id), wish, Duration.ofSeconds(p(3).toLong % 2))
        if (!before) assert(outcome.granted.isEmpty, "granted on an offer that does not stand")
        val holding = new Holding(new TaskKey(o.framework, wish.task), o.agent, wish.resources)
        if (!outcome.granted.isEmpty) pending :+= (() => granted.put(holding.key, holding): Unit)
      }
      else granted.values.drop(p(2) % (granted.size + 1)).headOption.foreach { h =>
        // The same claim again, its offers long gone: granted again, and nothing more is held.
        val outcome = claimed(round, h.key.framework, h.agent, Nil, new ClaimRound.Wish(h.key.task, h.resources), Duration.ZERO)
        if (!ending(h.key)) assert(outcome.granted.asScala.toList == List(h.key.task), s"not granted again: ${h.key}")
      }

    private def claimed(round: AllocatorRound, framework: FrameworkId, agent: AgentId, offers: List[OfferId], wish: ClaimRound.Wish, refuse: Duration) =
      round.claim(
        new ClaimRound.Request(
          framework,
          agent,
          offers.asJava,
          List(ClaimRound.Step.launch(List(wish).asJava)).asJava,
          refuse,
          Set("*").asJava,
          Optional.empty[String],
          false))

    private val endingNow = mutable.Set.empty[TaskKey]
    private def ending(key: TaskKey): Boolean = endingNow(key)

    private def endOne(round: AllocatorRound, pick: Int): Unit =
      granted.keys.drop(pick % (granted.size + 1)).headOption.foreach { key =>
        endingNow += key
        round.release(key)
        round.release(key)
        pending :+= (() => { granted.remove(key); endingNow -= key; () })
      }

    private def replayed(): AllocatorState = {
      val again = AllocatorState.of(snapshot)
      journal.drop(sinceSnapshot).foreach(again.apply)
      again
    }

    private def recover(): Unit = {
      endingNow.clear()
      state = replayed()
      book = newBook()
      // Offers of the old incarnation stay in schedulers' hands, and are worth nothing.
    }

    private def newBook(): OfferBook = {
      incarnation += 1
      new OfferBook(s"e$incarnation", policy)
    }

    private def check(): Unit = {
      val offered = mutable.Map.empty[AgentId, Resources]
      book.outstanding.asScala.foreach(o => offered(o.agent) = offered.getOrElse(o.agent, Resources.EMPTY).plus(o.resources))
      state.agents.asScala.foreach { a =>
        // From first principles: nothing incrementally kept is believed here. Resources.plus throws if a port is given twice.
        val allocated = a.tasks.asScala.foldLeft(Resources.EMPTY)((sum, key) => sum.plus(state.holding(key).orElseThrow().resources))
        val both = allocated.plus(offered.getOrElse(a.spec.id, Resources.EMPTY))
        assert(a.spec.total.contains(both), s"${a.spec.id}: offered + allocated $both > total ${a.spec.total}")
        assert(a.allocated == allocated, s"${a.spec.id}: the running sum is off")
      }
      granted.values.foreach(h => assert(state.holding(h.key).isPresent, s"forgot ${h.key}"))
      val again = replayed()
      assert(sorted(again.snapshot()) == sorted(state.snapshot()), "replay differs from the live state")
    }

    private def sorted(s: AllocatorSnapshot) = (s.agents.asScala.toSet, s.holdings.asScala.toSet)
  }
}

object AllocatorPropertiesSpec {
  private sealed trait Step
  private final case class Commands(kinds: List[Int], picks: List[Int]) extends Step
  private case object Crash extends Step
  private case object CrashBeforeJournal extends Step
  private case object Snapshot extends Step
}
