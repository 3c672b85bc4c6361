using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Database;

/// <summary>Tables of what a domain does with mail beyond addresses.</summary>
internal static class DomainTables
{
    internal static void Add(ModelBuilder model)
    {
        model.Entity<DnsObservationRow>(table =>
        {
            table.ToTable("dns_observations").HasKey(row => row.Id);
            table.HasIndex(row => new { row.DomainId, row.Type, row.Name });
            table.HasOne<DomainRow>().WithMany().HasForeignKey(row => row.DomainId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<BccRuleRow>(table =>
        {
            table.ToTable("bcc_rules").HasKey(row => row.Id);
            table.HasIndex(row => new { row.DomainId, row.Criterion, row.Pattern, row.Target }).IsUnique();
            table.HasOne<DomainRow>().WithMany().HasForeignKey(row => row.DomainId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<DisclaimerRow>(table =>
        {
            table.ToTable("disclaimers").HasKey(row => row.Id);
            table.HasIndex(row => row.DomainId);
            table.HasOne<DomainRow>().WithMany().HasForeignKey(row => row.DomainId).OnDelete(DeleteBehavior.Cascade);
        });
    }
}
