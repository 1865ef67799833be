package io.finback.controlplane.scheduler

import io.finback.controlplane.scheduler.AppDefinition.{UnreachableStrategy, UpgradeStrategy}
import io.finback.controlplane.scheduler.DeploymentPlan.Kind
import io.finback.controlplane.scheduler.Instance.Phase
import io.finback.resources.{AgentId, FrameworkId, TaskId}
import io.finback.tasks.{TaskState, TaskStatus}
import org.scalatest.funsuite.AnyFunSuite

import java.time.{Duration, Instant}
import java.util.{List => JList, Map => JMap, Optional, Set => JSet}
import scala.collection.mutable
import scala.jdk.CollectionConverters._
import scala.util.Random

/**
 * Random histories of deployments over several apps: people scale, upgrade, force, revert, drop and remove; instances fail, get ill and are
 * killed; agents vanish, come back or never do; masters fail in the middle of a step and go on from their journals; what apps and
 * deployments tell each other is lost, repeated and late. Every single decision of the planner is held against the limits of its app:
 * never ends what serves below the minimum, never starts above the capacity, uses no task id twice, launches nothing twice. Once faults
 * stop, every deployment ends and every app is as it was last wanted. A failure prints its seed; run again with `-Dfinback.seed=…`.
 */
class DeploymentHistoriesSpec extends AnyFunSuite {
  private val Runs = 200
  private val Steps = 150
  private val CalmRounds = 400

  test("a deployment keeps its minimum and its maximum whatever fails, and ends once nothing fails any more") {
    val fixed = Option(System.getProperty("finback.seed")).map(_.toLong)
    val first = fixed.getOrElse(System.nanoTime())
    println(s"deployment histories: seed $first")
    val seen = mutable.Map.empty[String, Int].withDefaultValue(0)
    for (run <- 0 until (if (fixed.isDefined) 1 else Runs)) {
      val seed = first + run
      try new World(new Random(seed), seen).run()
      catch { case failure: Throwable => throw new AssertionError(s"-Dfinback.seed=$seed: ${failure.getMessage}", failure) }
    }
    // A history in which nothing of a kind ever happens proves nothing of it.
    if (fixed.isEmpty)
      for (kind <- Seq("restart", "scale", "stop", "shared", "called off", "forced", "reverted", "dropped", "failover", "agent vanished",
          "agent back", "agent gone", "failed", "ill", "ended while it served", "lost message", "stray", "expunged", "told from numbers"))
        assert(seen(kind) > 20, s"$kind happened ${seen(kind)} times in all histories")
  }

  private final class App(val id: String) {
    var state: AppState = AppState.empty(id)
    val journal = mutable.Buffer.empty[AppEvent]
    val unready = mutable.Set.empty[String]
    /** Its last deployment was dropped where it stood: both configurations may be left. */
    var abandoned = false
    /** Whether it was, or was in the middle of another one, before whoever holds it now; a deployment that is called off leaves it so. */
    var before = false

    override def toString: String =
      s"$id lock=${state.lock.map(_.plan)} order=${state.order} removes=${state.removing} wanted=${state.current.map(_.definition.instances)} " +
        s"config=${state.current.map(_.configAt)} unready=$unready ${state.instances.values.asScala
            .map(i => s"${i.taskId} ${i.phase} ready=${i.ready} doomed=${i.doomed} config=${i.configAt}")}"
  }

  private final class Deployment(val id: String) {
    var state: DeploymentState = DeploymentState.EMPTY
    val journal = mutable.Buffer.empty[DeploymentEvent]
    var released = Set.empty[String]
    def write(events: DeploymentEvent*): Unit = events.foreach { e => journal += e; state = e.applyTo(state) }
  }

  private final class World(random: Random, seen: mutable.Map[String, Int]) {
    private var now = Examples.NOW
    private var next = 0
    private val apps = Vector("/g/db", "/g/api", "/g/web").map(new App(_))
    private val deployments = mutable.LinkedHashMap.empty[String, Deployment]
    private val agents = Vector("a0", "a1", "a2", "a3")
    private val vanished = mutable.Set.empty[String]
    private val ids = mutable.Set.empty[String]
    private val launched = mutable.Set.empty[String]
    private val flying = mutable.Buffer.empty[() => Unit]
    private var calm = false

    def run(): Unit = {
      apps.foreach(create)
      for (_ <- 0 until Steps) {
        now = now.plusMillis(200L + random.nextInt(2000))
        random.nextInt(12) match {
          case 0     => people()
          case 1     => machines()
          case 2     => failover()
          case 3 | 4 => deliver()
          case _     => instances(one(apps))
        }
        apps.foreach(settle)
        talk()
      }
      calm = true
      vanished.clear()
      var rounds = 0
      while (!quiet()) {
        rounds += 1
        assert(rounds < CalmRounds, s"does not end: ${deployments.values.map(d => d.id -> d.state).filterNot(_._2.finished())} $apps")
        now = now.plusSeconds(5)
        apps.foreach(calmly)
        apps.foreach(settle)
        talk()
        while (flying.nonEmpty) deliver()
      }
      apps.foreach(replayed)
    }

    // ---- what people do

    private def people(): Unit = {
      val app = one(apps)
      val force = random.nextInt(3) == 0
      random.nextInt(9) match {
        case 0 => if (!app.state.exists || (app.state.removing && force)) create(app)
        case 1 | 2 | 3 =>
          app.state.current.ifPresent { current =>
            val scaled = current.definition.withInstances(1 + random.nextInt(5))
            val wanted = if (random.nextBoolean()) scaled else definition(app.id, scaled.instances)
            decided(app, AppChange.update(app.state, wanted, current.version, force, id("d"), now), force)
          }
        case 4 => group(force)
        case 5 =>
          app.state.lock.ifPresent { lock =>
            happened("reverted")
            decided(app, AppChange.revert(app.state, lock.plan.id, id("d"), now), force = true)
          }
        case 6 =>
          app.state.lock.filter(_ => force).ifPresent { lock =>
            happened("dropped")
            write(app, AppChange.release(app.state, lock.plan.id, false).asScala.toSeq)
          }
        case 7 => if (random.nextInt(4) == 0) decided(app, AppChange.remove(app.state, force, id("d"), now), force)
        case _ =>
          instance(app).foreach(i => write(app, InstanceChange.doom(app.state, JList.of(i.taskId)).asScala.toSeq))
      }
    }

    private def create(app: App): Unit =
      decided(app, AppChange.create(app.state, definition(app.id, 1 + random.nextInt(5)), app.state.removing, id("d"), now), force = true)

    private def decided(app: App, decision: AppChange.Decision, force: Boolean): Unit = {
      val held = app.state.lock.isPresent
      decision.`match`[Unit](
        accepted => {
          if (held && force && !accepted.events.isEmpty) happened("forced")
          write(app, accepted.events.asScala.toSeq)
        },
        _ => ())
    }

    /** All apps that are there, one after the other by their dependencies; sometimes whoever gathers them dies meanwhile. */
    private def group(force: Boolean): Unit = {
      val there = apps.filter(a => a.state.exists && !a.state.removing)
      if (there.size > 1) {
        val members = there.map { app =>
          val current = app.state.current.get
          val wanted = definition(app.id, 1 + random.nextInt(5)).reusingPortsOf(current.definition)
          app -> Member.update(wanted, current.version, JList.of())
        }
        val deployment = id("d")
        val layers = Map("/g/db" -> 0, "/g/api" -> 1, "/g/web" -> 2).map { case (a, l) => (a, Int.box(l)) }.asJava
        val plan = PlanBuilder.plan(deployment, now, members.map(m => new PlanBuilder.Change(m._1.id, Kind.RESTART, false)).asJava, layers)
        val all = deploymentOf(deployment)
        val dies = random.nextInt(4) == 0
        val enlisted = members.takeWhile { case (app, member) =>
          !(dies && random.nextBoolean()) &&
          MemberChange.enlist(app.state, member, plan.slice(app.id), force, now).`match`[Boolean](
            accepted => { write(app, accepted.events.asScala.toSeq); true },
            _ => false)
        }
        if (enlisted.size == members.size) {
          happened("shared")
          all.write(new DeploymentEvent.Begun(plan))
        } else {
          happened("called off")
          all.write(new DeploymentEvent.Aborted("not all were held"))
        }
      }
    }

    // ---- what fails

    private def machines(): Unit = {
      val agent = one(agents)
      if (!vanished(agent)) {
        happened("agent vanished")
        vanished += agent
        on(agent).foreach { case (app, i) => report(app, i.taskId, TaskState.UNREACHABLE) }
      } else if (random.nextBoolean()) {
        happened("agent back")
        vanished -= agent
        on(agent).foreach { case (app, i) => report(app, i.taskId, if (random.nextInt(4) == 0) TaskState.FAILED else TaskState.RUNNING) }
      } else {
        happened("agent gone")
        on(agent).foreach { case (app, i) => report(app, i.taskId, TaskState.GONE) }
      }
    }

    private def on(agent: String): Vector[(App, Instance)] =
      apps.flatMap(app => all(app).filter(_.place.map(_.agentId).orElse("") == agent).map(app -> _))

    /** One master fails: some entities start anew from their journals, and what they had in memory is gone. */
    private def failover(): Unit = {
      happened("failover")
      apps.filter(_ => random.nextBoolean()).foreach { app =>
        replayed(app)
        app.unready ++= all(app).filter(_.phase == Phase.RUNNING).map(_.taskId)
      }
      deployments.values.filter(_ => random.nextBoolean()).foreach { d =>
        val rebuilt = d.journal.foldLeft(DeploymentState.EMPTY)((s, e) => e.applyTo(s))
        assert(rebuilt == d.state)
        d.released = Set.empty
      }
      flying.clear()
    }

    private def replayed(app: App): Unit = {
      val rebuilt = app.journal.foldLeft(AppState.empty(app.id))((s, e) => e.applyTo(s))
      assert(rebuilt == app.state, s"the journal of ${app.id} says something else")
      app.state = rebuilt
    }

    private def instances(app: App): Unit = instance(app).foreach { i =>
      val away = i.place.filter(p => vanished(p.agentId)).isPresent
      val t = i.taskId
      i.phase match {
        case Phase.SCHEDULED => place(app, i)
        case _ if away       => ()
        case Phase.RUNNING if i.doomed => report(app, t, TaskState.KILLED)
        case Phase.RUNNING =>
          random.nextInt(8) match {
            case 0 => happened("failed"); report(app, t, TaskState.FAILED)
            case 1 => happened("ill"); write(app, Seq(new AppEvent.HealthChanged(t, false)))
            case 2 | 3 | 4 => write(app, Seq(new AppEvent.HealthChanged(t, true)))
            case _ => app.unready -= t
          }
        case _ => if (random.nextInt(6) == 0) report(app, t, TaskState.LOST) else starts(app, t)
      }
    }

    private def place(app: App, i: Instance): Unit = {
      val open = agents.filterNot(vanished)
      val waits = app.state.backoff.filter(b => now.isBefore(b.until)).isPresent
      if (open.nonEmpty && !waits) {
        val agent = one(open)
        val place = new Instance.Place(agent, agent, JList.of(Int.box(31005)), JMap.of(), now)
        val may = InstanceChange.launchable(app.state, JMap.of(i.taskId, place))
        if (!may.isEmpty) {
          assert(launched.add(i.taskId), s"${i.taskId} is launched twice")
          write(app, Seq(new AppEvent.InstancesPlaced(may)))
        }
      }
    }

    private def starts(app: App, task: String): Unit = {
      if (random.nextBoolean()) app.unready += task
      report(app, task, TaskState.RUNNING)
    }

    private def calmly(app: App): Unit = all(app).foreach { i =>
      val t = i.taskId
      if (i.doomed && i.launched) report(app, t, TaskState.KILLED)
      else if (!i.launched) place(app, i)
      else if (i.phase != Phase.RUNNING) report(app, t, TaskState.RUNNING)
      else {
        app.unready -= t
        if (!i.healthy.orElse(true)) write(app, Seq(new AppEvent.HealthChanged(t, true)))
      }
    }

    private def report(app: App, task: String, what: TaskState): Unit = {
      val status = new TaskStatus(TaskId.of(task), FrameworkId.of("finback-services"), AgentId.of("a0"), what, TaskStatus.Source.AGENT,
        Optional.of(id("u")), now, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty())
      if (TaskReport.stray(app.state, status)) happened("stray")
      write(app, TaskReport.events(app.state, status).asScala.toSeq)
      // The same again, as agents do until they are heard, changes nothing.
      val again = TaskReport.events(app.state, status).asScala.toSeq
      assert(AppEvent.fold(app.state, again.asJava) == app.state, s"$what of $task twice is another thing than once")
      if (what != TaskState.UNREACHABLE && random.nextInt(5) == 0 && app.state.instance(task).isEmpty) {
        val late = new TaskStatus(TaskId.of(task), FrameworkId.of("finback-services"), AgentId.of("a0"), TaskState.RUNNING,
          TaskStatus.Source.AGENT, Optional.of(id("u")), now, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty())
        assert(TaskReport.stray(app.state, late), "what is given up and runs is to be ended")
        happened("stray")
      }
    }

    // ---- what apps and deployments tell each other, as their entities do

    private def talk(): Unit = apps.foreach { app =>
      app.state.lock.ifPresent { lock =>
        val plan = lock.plan
        if (app.state.order.isEmpty || random.nextInt(4) == 0) send(() => run(app, plan))
        app.state.order.ifPresent { order =>
          if (InstancePlanner.plan(app.state, now, listening(app)).done) send(() => done(order.deploymentId, app.id, order.step))
        }
      }
    } match { case _ => deployments.values.toSeq.foreach(order) }

    private def run(app: App, plan: DeploymentPlan): Unit = {
      val d = deploymentOf(plan.id)
      if (d.state.calledOff) send(() => write(app, MemberChange.withdraw(app.state, d.id).asScala.toSeq))
      else if (d.state.plan.isEmpty && !plan.shared) d.write(new DeploymentEvent.Begun(plan))
    }

    private def done(deployment: String, app: String, step: Int): Unit = {
      val d = deploymentOf(deployment)
      if (step == d.state.step && d.state.open.asScala.exists(_.appId == app)) d.write(new DeploymentEvent.ActionDone(app))
    }

    private def order(d: Deployment): Unit = if (d.state.plan.isPresent) {
      val step = d.state.step
      d.state.open.forEach { action =>
        val app = appOf(action.appId)
        send(() =>
          if (!AppChange.holds(app.state, d.id)) notHeld(d, app)
          else write(app, AppChange.order(app.state, new AppState.Order(d.id, step, action.kind)).asScala.toSeq))
      }
      if (d.state.finished) d.state.plan.get.apps.asScala.filterNot(d.released).map(appOf).foreach { app =>
        send { () =>
          write(app, AppChange.release(app.state, d.id, true).asScala.toSeq)
          d.released += app.id
        }
      }
    }

    private def notHeld(d: Deployment, app: App): Unit =
      if (!d.state.finished && !d.state.lost.contains(app.id)) d.write(new DeploymentEvent.AppLost(app.id))

    private def send(message: () => Unit): Unit =
      if (!calm && random.nextInt(4) == 0) happened("lost message") else { flying += message; () }

    private def deliver(): Unit = if (flying.nonEmpty) {
      val which = random.nextInt(flying.size)
      val message = flying(which)
      if (calm || random.nextInt(4) != 0) flying.remove(which)
      message()
    }

    // ---- what must hold

    private def settle(app: App): Unit = {
      val before = app.state
      planned(before)
      val events = InstancePlanner.settle(before, now, listening(app), () => s"00000000-${id("")}").asScala.toSeq
      val expired = all(app).filter(i => i.phase == Phase.UNREACHABLE && !i.doomed).map(_.taskId).toSet
      write(app, events)
      val after = app.state
      events.foreach {
        case added: AppEvent.InstancesAdded =>
          added.added.forEach(i => assert(ids.add(i.taskId), s"${i.taskId} is used twice"))
        case dropped: AppEvent.InstancesDropped => if (dropped.taskIds.asScala.exists(expired)) happened("expunged")
        case _ => ()
      }
      val kind = after.order.map(_.kind).orElse(Kind.SCALE)
      val wanted = after.current.map(_.definition.instances).orElse(0)
      val served = serving(before, app)
      val serves = serving(after, app)
      if (serves < served) happened("ended while it served")
      val grown = after.instances.keySet.asScala.exists(i => !before.instances.containsKey(i))
      val there = counted(after)
      if (after.lock.isPresent && after.order.isEmpty) assert(events.forall(_.isInstanceOf[AppEvent.InstancesDropped]), "nothing was ordered yet")
      kind match {
        case Kind.RESTART =>
          happened("restart")
          val strategy = after.current.get.definition.upgrade
          val minimum = math.ceil(wanted * strategy.minimumHealthCapacity).toInt
          val capacity = math.floor(wanted * (1 + strategy.maximumOverCapacity)).toInt
          assert(serves >= math.min(served, minimum), s"${app.id}: $served served, now $serves, at least $minimum of $wanted")
          if (grown) assert(there <= math.max(capacity, minimum + (if (capacity == minimum) 1 else 0)), s"${app.id}: $there of at most $capacity")
        case Kind.SCALE =>
          happened("scale")
          assert(serves >= math.min(served, wanted), s"${app.id}: $served served, now $serves, wanted $wanted")
          if (grown) assert(there <= wanted, s"${app.id}: $there of $wanted")
        case _ =>
          happened("stop")
          assert(!grown, s"${app.id} grows although it is $kind")
      }
    }

    /** Told from numbers, the plan is the one told from each instance, whatever is listened for. */
    private def planned(state: AppState): Unit = {
      val order = state.order.map(_.kind).orElse(Kind.SCALE)
      if (state.exists && !(state.lock.isPresent && state.order.isEmpty) && (order == Kind.SCALE || order == Kind.RESTART)) {
        val tasks = state.instances.keySet.asScala.toVector
        def some = JSet.copyOf(tasks.filter(_ => random.nextInt(3) == 0).asJava)
        val open = some
        val awaited = JSet.copyOf(some.asScala.filterNot(open.contains).asJava)
        val listening = new Listening(open, awaited).withUnready(some)
        if (PlanByCount.of(state, order, listening, now).isPresent) happened("told from numbers")
        assert(InstancePlanner.plan(state, now, listening) == InstancePlanner.look(state, now, listening))
      }
    }

    private def serving(state: AppState, app: App): Int =
      state.instances.values.asScala.count { i =>
        val fresh = state.current.map(_.configAt == i.configAt).orElse(false)
        i.ready && !(fresh && app.unready(i.taskId))
      }

    /** What takes a place: all but what is away for so long that it is to be replaced. */
    private def counted(state: AppState): Int = state.instances.values.asScala.count { i =>
      val strategy = state.current.get.definition.unreachable
      !(i.phase == Phase.UNREACHABLE && !strategy.disabled && !now.isBefore(i.unreachableSince.get.plus(strategy.inactiveAfter)))
    }

    private def quiet(): Boolean = apps.forall { app =>
      app.state.lock.isEmpty && app.state.current.map { current =>
        val mine = all(app)
        mine.size == current.definition.instances && mine.forall(i => i.ready && (app.abandoned || i.configAt == current.configAt))
      }.orElse(app.state.instances.isEmpty)
    }

    private def listening(app: App): Listening = {
      app.unready.filterInPlace(app.state.instances.containsKey)
      Listening.UNKNOWN.withUnready(JSet.copyOf(app.unready.asJava))
    }

    // ---- small things

    private def write(app: App, events: Seq[AppEvent]): Unit = events.foreach { e =>
      val held = app.state.lock.isPresent
      app.journal += e
      app.state = e.applyTo(app.state)
      e match {
        case _: AppEvent.Locked          => app.before = app.abandoned || held; app.abandoned = false
        case _: AppEvent.Withdrawn       => app.abandoned = app.before
        case unlocked: AppEvent.Unlocked => app.abandoned = !deploymentOf(unlocked.deploymentId).state.finished || !deploymentOf(unlocked.deploymentId).state.lost.isEmpty
        case _                           => ()
      }
    }

    private def definition(app: String, instances: Int): AppDefinition = {
      val check = new AppHealth.Check(AppHealth.Protocol.HTTP, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(),
        Duration.ZERO, Duration.ofSeconds(1), Duration.ofSeconds(1), 3, Optional.empty(), false, Optional.empty())
      val strategy = new UpgradeStrategy(random.nextInt(5) / 4.0, random.nextInt(5) / 4.0)
      val inactive = random.nextInt(3) * 3L
      val unreachable =
        if (random.nextInt(4) == 0) new UnreachableStrategy(true, Duration.ZERO, Duration.ZERO)
        else new UnreachableStrategy(false, Duration.ofSeconds(inactive), Duration.ofSeconds(inactive + random.nextInt(20)))
      Examples.deployed(app, id("v"), instances, strategy, unreachable, new AppHealth(JList.of(check), Optional.empty()))
    }

    private def all(app: App): Vector[Instance] = app.state.instances.values.asScala.toVector
    private def instance(app: App): Option[Instance] = Option(all(app)).filter(_.nonEmpty).map(one(_))
    private def appOf(id: String): App = apps.find(_.id == id).get
    private def deploymentOf(id: String): Deployment = deployments.getOrElseUpdate(id, new Deployment(id))
    private def one[T](of: Vector[T]): T = of(random.nextInt(of.size))
    private def id(prefix: String): String = { next += 1; s"$prefix$next" }
    private def happened(what: String): Unit = seen(what) += 1
  }
}
