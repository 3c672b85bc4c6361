using System.Globalization;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Monitoring.DnsChecks;
using MailPlus.Engine.Net.Listeners;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Search;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Tls;

namespace MailPlus.Engine.Monitoring;

/// <summary>How bad a finding is.</summary>
public enum Health
{
    /// <summary>As it should be.</summary>
    Good,

    /// <summary>Works, but not for everybody or not for long.</summary>
    Warning,

    /// <summary>Does not work.</summary>
    Problem,
}

/// <summary>One thing the doctor looked at.</summary>
/// <param name="Area">"folder", "port", "certificate", "dns", "store", "index".</param>
/// <param name="Health">How it is.</param>
/// <param name="Text">What was seen and what to do, in English.</param>
public sealed record Diagnosis(string Area, Health Health, string Text);

/// <summary>What the doctor looks at.</summary>
public sealed record DoctorSubjects(RunOptions Run, ISettingsSource Settings, AddressBook AddressBook, IMailStore Store)
{
    /// <summary>Certificates.</summary>
    public required CertificateStore Certificates { get; init; }

    /// <summary>Listeners.</summary>
    public required ListenerSet Listeners { get; init; }

    /// <summary>DNS of the domains.</summary>
    public required DnsOperations Dns { get; init; }

    /// <summary>The full-text index.</summary>
    public required SearchIndex Index { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Clock { get; init; }
}

/// <summary>Looks the server over: data folder, ports, certificate, DNS of the domains, mailboxes. Permission ViewMonitoring.</summary>
public sealed class Doctor(DoctorSubjects subjects)
{
    private const int MaximumShown = 20;
    private const int MaximumDomains = 50;
    private static readonly TimeSpan SoonExpired = TimeSpan.FromDays(14);

    /// <summary>Looks at everything; takes as long as DNS does.</summary>
    public async Task<IReadOnlyList<Diagnosis>> ExamineAsync(Actor actor, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ViewMonitoring);
        var found = new List<Diagnosis> { ExamineFolder(), ExamineSetup() };
        found.AddRange(await ExaminePortsAsync(cancellationToken));
        found.AddRange(ExamineCertificate());
        found.AddRange((await subjects.Dns.ExamineAllAsync(MaximumDomains, cancellationToken)).Select(Told));
        found.AddRange(await ExamineStoreAsync(cancellationToken));
        found.Add(ExamineIndex(subjects.Index.Status));
        return found;
    }

    private static Diagnosis Told(DnsCheck check) => new("dns", check.Health, string.Join(
        ' ', check.Publish.Select(record => $"Publish: {record.Name} {record.Type} {record.Value.ReplaceLineEndings("\\n")}".TrimEnd() + ".").Prepend(DnsCheckText.What(check, CultureInfo.InvariantCulture))));

    private Diagnosis ExamineFolder()
    {
        if (OperatingSystem.IsWindows())
        {
            return new Diagnosis("folder", Health.Good, subjects.Run.DataFolder);
        }

        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        return (File.GetUnixFileMode(subjects.Run.DataFolder) & Others) == 0
            ? new Diagnosis("folder", Health.Good, $"{subjects.Run.DataFolder} is open to its owner only.")
            : new Diagnosis("folder", Health.Problem, $"{subjects.Run.DataFolder} is open to other users of this machine: chmod 700 it.");
    }

    private Diagnosis ExamineSetup() => subjects.Settings.Current.IsSetUp
        ? new Diagnosis("setup", Health.Good, $"Set up as {subjects.Settings.Current.Smtp.Hostname}.")
        : new Diagnosis("setup", Health.Problem, "Not set up yet: open the wizard or run the setup verb.");

    private async Task<IReadOnlyList<Diagnosis>> ExaminePortsAsync(CancellationToken cancellationToken)
    {
        var states = subjects.Listeners.States;
        if (states.Any(state => state.Status != ListenerStatus.Stopped))
        {
            return [.. states.Select(ServiceStates.Of).Select(service => service.Condition switch
            {
                ServiceCondition.Running => new Diagnosis("port", Health.Good, $"{service.Name} listens on {service.Port}."),
                ServiceCondition.Abnormal => new Diagnosis("port", Health.Problem, $"{service.Name} does not listen: {service.Reason}"),
                _ => new Diagnosis("port", Health.Good, $"{service.Name} is off."),
            })];
        }

        // The server does not run: could it listen?
        var faults = await subjects.Listeners.CheckAsync(subjects.Settings.Current.Service, cancellationToken);
        return faults.Count == 0
            ? [new Diagnosis("port", Health.Good, "The server is not running; all its ports are free.")]
            : [.. faults.Select(fault => new Diagnosis("port", Health.Problem, $"{fault.Field}: {RefusalText.English(fault)}"))];
    }

    private Diagnosis ExamineIndex(SearchStatus index) => index.Condition switch
    {
        _ when !subjects.Settings.Current.Search.Enabled => new Diagnosis("index", Health.Good, "Full-text search is off: searches read all mail."),
        SearchCondition.Off => new Diagnosis("index", Health.Good, "The full-text index is looked at when the server runs."),
        SearchCondition.Failing => new Diagnosis("index", Health.Warning, $"The full-text index cannot be written, searches read what it lacks: {index.Problem}"),
        SearchCondition.CatchingUp => new Diagnosis("index", Health.Good, $"{index.WaitingAccounts} accounts have mail that is being indexed; searches read it until then."),
        _ => new Diagnosis("index", Health.Good, "All mail is in the full-text index."),
    };

    private IEnumerable<Diagnosis> ExamineCertificate()
    {
        var (certificate, hostname) = (subjects.Certificates.Current, subjects.Settings.Current.Smtp.Hostname);
        var now = Instant.Now(subjects.Clock);
        if (certificate.NotAfter.CompareTo(now) <= 0)
        {
            yield return new Diagnosis("certificate", Health.Problem, $"The certificate expired on {certificate.NotAfter.ToDateTimeOffset():u}.");
        }
        else if (certificate.NotAfter.CompareTo(now.Plus(SoonExpired)) <= 0)
        {
            yield return new Diagnosis("certificate", Health.Warning, $"The certificate expires on {certificate.NotAfter.ToDateTimeOffset():u}.");
        }

        if (hostname.Length > 0 && !certificate.Covers(hostname))
        {
            yield return new Diagnosis("certificate", Health.Problem, $"The certificate is not for {hostname} but for {string.Join(", ", certificate.Names)}.");
        }

        yield return certificate.IsSelfSigned
            ? new Diagnosis("certificate", Health.Warning, "The certificate is self-signed: clients will warn. Upload one that is trusted (console, Service).")
            : new Diagnosis("certificate", Health.Good, $"{certificate.Subject}, by {certificate.Issuer}, until {certificate.NotAfter.ToDateTimeOffset():u}.");
    }

    private async Task<IReadOnlyList<Diagnosis>> ExamineStoreAsync(CancellationToken cancellationToken)
    {
        var broken = new List<Diagnosis>();
        var accounts = subjects.AddressBook.Entries.Select(entry => entry.Account).ToList();
        foreach (var account in accounts)
        {
            try
            {
                await using var mail = await subjects.Store.OpenAsync(account.Id, cancellationToken);
                await mail.ListAsync(cancellationToken);
            }
            catch (RefusedException refused)
            {
                broken.Add(new Diagnosis("store", Health.Problem, $"The mail of {account.PrimaryAddress.ToDisplayString()} cannot be opened: {RefusalText.English(refused.Refusal)}"));
            }
        }

        return broken.Count == 0
            ? [new Diagnosis("store", Health.Good, $"The mail of {accounts.Count} accounts opens.")]
            : [.. broken.Take(MaximumShown)];
    }
}
