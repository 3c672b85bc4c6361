using System.ComponentModel.DataAnnotations;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Database;

/// <summary>The logs: mail log, admin log, hourly counts. One model, a context type per provider.</summary>
public abstract class LogContext(DbContextOptions options) : DbContext(options)
{
    internal DbSet<MailLogEntryRow> Mail => Set<MailLogEntryRow>();

    internal DbSet<AdminLogEntryRow> Admin => Set<AdminLogEntryRow>();

    internal DbSet<TrafficRow> Traffic => Set<TrafficRow>();

    internal DbSet<PlaceRow> Places => Set<PlaceRow>();

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<MailLogEntryRow>(table =>
        {
            table.ToTable("mail_log").HasKey(row => row.Id);
            table.HasIndex(row => row.Time);
            table.HasIndex(row => row.Entry);
        });
        modelBuilder.Entity<AdminLogEntryRow>(table =>
        {
            table.ToTable("admin_log").HasKey(row => row.Id);
            table.HasIndex(row => row.Time);
        });
        modelBuilder.Entity<TrafficRow>(table =>
        {
            table.ToTable("traffic").HasKey(row => row.Hour);
            table.Property(row => row.Hour).ValueGeneratedNever();
        });
        modelBuilder.Entity<PlaceRow>().ToTable("places").HasKey(row => row.Outbox);
    }
}

/// <summary>The logs in SQLite.</summary>
public sealed class SqliteLogContext(DbContextOptions<SqliteLogContext> options) : LogContext(options);

/// <summary>The logs in PostgreSQL.</summary>
public sealed class PostgresLogContext(DbContextOptions<PostgresLogContext> options) : LogContext(options);

/// <summary>One row of the mail log.</summary>
internal sealed class MailLogEntryRow
{
    public long Id { get; set; }

    /// <summary>UTC microseconds.</summary>
    public long Time { get; set; }

    /// <summary>Audit.MailLogKind.</summary>
    public int Kind { get; set; }

    public long? Entry { get; set; }

    public string Sender { get; set; } = "";

    public string Recipient { get; set; } = "";

    public string Subject { get; set; } = "";

    public string MessageId { get; set; } = "";

    public long Size { get; set; }

    public string Client { get; set; } = "";

    /// <summary>Events.MessageOrigin.</summary>
    public int? Origin { get; set; }

    public string Reply { get; set; } = "";

    public string NextHop { get; set; } = "";

    /// <summary>How the way there was protected and by whose word.</summary>
    public string Protection { get; set; } = "";

    /// <summary>Everything a search looks at, folded to lower case, in one column: databases fold letters differently.</summary>
    public string SearchKey { get; set; } = "";
}

/// <summary>One row of the admin log.</summary>
internal sealed class AdminLogEntryRow
{
    public long Id { get; set; }

    /// <summary>UTC microseconds.</summary>
    public long Time { get; set; }

    public string Actor { get; set; } = "";

    public string Action { get; set; } = "";

    public string Target { get; set; } = "";

    public string Detail { get; set; } = "";

    public string Client { get; set; } = "";

    /// <summary>As in the mail log.</summary>
    public string SearchKey { get; set; } = "";
}

/// <summary>Counts of one hour.</summary>
internal sealed class TrafficRow
{
    /// <summary>Start of the hour, UTC microseconds.</summary>
    public long Hour { get; set; }

    public long Received { get; set; }

    public long Sent { get; set; }

    public long Delivered { get; set; }

    public long Rejected { get; set; }

    public long Deferred { get; set; }

    public long Failed { get; set; }

    public long Octets { get; set; }
}

/// <summary>How far an outbox has been read, kept in the transaction that stored its events.</summary>
internal sealed class PlaceRow
{
    [MaxLength(100)]
    public string Outbox { get; set; } = "";

    public long LastId { get; set; }
}
