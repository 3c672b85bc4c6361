using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Database;

/// <summary>The system database: settings versions, accounts, domains, web sessions (design 2). One model, a context type per provider.</summary>
public abstract class SystemContext(DbContextOptions options) : DbContext(options)
{
    internal DbSet<SettingsVersionRow> SettingsVersions => Set<SettingsVersionRow>();

    internal DbSet<AccountRow> Accounts => Set<AccountRow>();

    internal DbSet<AddressRow> Addresses => Set<AddressRow>();

    internal DbSet<DomainRow> Domains => Set<DomainRow>();

    internal DbSet<AdditionalDomainRow> AdditionalDomains => Set<AdditionalDomainRow>();

    internal DbSet<DkimKeyRow> DkimKeys => Set<DkimKeyRow>();

    internal DbSet<DnsObservationRow> DnsObservations => Set<DnsObservationRow>();

    internal DbSet<BccRuleRow> BccRules => Set<BccRuleRow>();

    internal DbSet<DisclaimerRow> Disclaimers => Set<DisclaimerRow>();

    internal DbSet<AliasRow> Aliases => Set<AliasRow>();

    internal DbSet<AliasMemberRow> AliasMembers => Set<AliasMemberRow>();

    internal DbSet<WebSessionRow> WebSessions => Set<WebSessionRow>();

    internal DbSet<ShareRow> Shares => Set<ShareRow>();

    internal DbSet<LicenceRow> Licences => Set<LicenceRow>();

    internal DbSet<GroupRow> Groups => Set<GroupRow>();

    internal DbSet<GroupMemberRow> GroupMembers => Set<GroupMemberRow>();

    internal DbSet<AppPasswordRow> AppPasswords => Set<AppPasswordRow>();

    internal DbSet<SignInRow> SignIns => Set<SignInRow>();

    internal DbSet<PolicyRow> Policies => Set<PolicyRow>();

    internal DbSet<PolicyTargetRow> PolicyTargets => Set<PolicyTargetRow>();

    internal DbSet<StateRow> States => Set<StateRow>();

    internal DbSet<OutboxRow> Outbox => Set<OutboxRow>();

    internal DbSet<StsPolicyRow> StsPolicies => Set<StsPolicyRow>();

    internal DbSet<TlsResultRow> TlsResults => Set<TlsResultRow>();

    internal List<Action> CommitActions { get; } = [];

    /// <summary>Registers what happens after the commit, in order, while the writer is still held (swapping snapshots, publishing).</summary>
    internal void AfterCommit(Action action) => CommitActions.Add(action);

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<SettingsVersionRow>(table =>
        {
            table.ToTable("settings_versions").HasKey(row => row.Version);
            table.Property(row => row.Version).ValueGeneratedNever();
        });
        modelBuilder.Entity<DomainRow>(table =>
        {
            table.ToTable("domains").HasKey(row => row.Id);
            table.HasIndex(row => row.Name).IsUnique();
        });
        modelBuilder.Entity<AdditionalDomainRow>(table =>
        {
            table.ToTable("additional_domains").HasKey(row => row.Id);
            table.HasIndex(row => row.Name).IsUnique();
            table.HasOne<DomainRow>().WithMany(row => row.Additional).HasForeignKey(row => row.DomainId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<DkimKeyRow>(table =>
        {
            table.ToTable("dkim_keys").HasKey(row => row.Id);
            table.HasIndex(row => new { row.DomainId, row.Selector }).IsUnique();
            table.HasOne<DomainRow>().WithMany().HasForeignKey(row => row.DomainId).OnDelete(DeleteBehavior.Cascade);
        });
        DomainTables.Add(modelBuilder);
        modelBuilder.Entity<AliasRow>(table =>
        {
            table.ToTable("aliases").HasKey(row => row.Id);
            table.HasIndex(row => row.AddressKey).IsUnique();
            table.HasOne<DomainRow>().WithMany().HasForeignKey(row => row.DomainId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<AliasMemberRow>(table =>
        {
            table.ToTable("alias_members").HasKey(row => row.Id);
            table.HasOne<AliasRow>().WithMany(row => row.Members).HasForeignKey(row => row.AliasId).OnDelete(DeleteBehavior.Cascade);
            table.HasOne(row => row.Target).WithMany().HasForeignKey(row => row.TargetId).OnDelete(DeleteBehavior.Cascade);
            table.HasOne<AccountRow>().WithMany().HasForeignKey(row => row.AccountId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<AccountRow>(table =>
        {
            // Ids are reserved first (States): the mail folder they name exists before the row does, and a number is never used again.
            table.ToTable("accounts").HasKey(row => row.Id);
            table.Property(row => row.Id).ValueGeneratedNever();
            table.HasIndex(row => row.NameKey).IsUnique();
        });
        modelBuilder.Entity<AddressRow>(table =>
        {
            table.ToTable("addresses").HasKey(row => row.Id);
            table.HasIndex(row => row.AddressKey).IsUnique();
            table.HasOne<AccountRow>().WithMany(row => row.Addresses).HasForeignKey(row => row.AccountId).OnDelete(DeleteBehavior.Cascade);
            table.HasOne<DomainRow>().WithMany().HasForeignKey(row => row.DomainId).OnDelete(DeleteBehavior.Restrict);
        });
        modelBuilder.Entity<WebSessionRow>(table =>
        {
            table.ToTable("web_sessions").HasKey(row => row.Id);
            table.HasIndex(row => row.TokenHash).IsUnique();
            table.HasIndex(row => row.AccountId);
        });
        modelBuilder.Entity<ShareRow>(table =>
        {
            table.ToTable("shares").HasKey(row => row.Id);
            table.HasIndex(row => new { row.OwnerId, row.ReaderId }).IsUnique();
            table.HasOne<AccountRow>().WithMany().HasForeignKey(row => row.OwnerId).OnDelete(DeleteBehavior.Cascade);
            table.HasOne<AccountRow>().WithMany().HasForeignKey(row => row.ReaderId).OnDelete(DeleteBehavior.Cascade);
        });
        AccountTables.Add(modelBuilder);
        modelBuilder.Entity<StateRow>().ToTable("states").HasKey(row => row.Name);
        modelBuilder.Entity<OutboxRow>().ToTable("outbox").HasKey(row => row.Id);
        modelBuilder.Entity<StsPolicyRow>(table =>
        {
            table.ToTable("sts_policies").HasKey(row => row.Domain);
            table.HasIndex(row => row.Expires);
        });
        modelBuilder.Entity<TlsResultRow>(table =>
        {
            table.ToTable("tls_results").HasKey(row => row.Id);
            table.HasIndex(row => new { row.Day, row.Domain, row.Policy, row.Fault, row.Host, row.Address }).IsUnique();
        });
    }
}

/// <summary>The system database in SQLite.</summary>
public sealed class SqliteSystemContext(DbContextOptions<SqliteSystemContext> options) : SystemContext(options)
{
    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        SqliteNumbers.NeverReuse<DomainRow>(modelBuilder);
        SqliteNumbers.NeverReuse<AliasRow>(modelBuilder);
        SqliteNumbers.NeverReuse<OutboxRow>(modelBuilder);
        SqliteNumbers.NeverReuse<WebSessionRow>(modelBuilder);
    }
}

/// <summary>The system database in PostgreSQL.</summary>
public sealed class PostgresSystemContext(DbContextOptions<PostgresSystemContext> options) : SystemContext(options);
