using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Database;

/// <summary>Tables of licences, groups, policies, app passwords and sign-ins.</summary>
internal static class AccountTables
{
    internal static void Add(ModelBuilder model)
    {
        model.Entity<LicenceRow>(table =>
        {
            table.ToTable("licences").HasKey(row => row.Id);
            table.HasIndex(row => row.KeyId).IsUnique();
        });
        model.Entity<GroupRow>(table =>
        {
            table.ToTable("groups").HasKey(row => row.Id);
            table.HasIndex(row => row.NameKey).IsUnique();
        });
        model.Entity<GroupMemberRow>(table =>
        {
            table.ToTable("group_members").HasKey(row => new { row.GroupId, row.AccountId });
            table.HasIndex(row => row.AccountId);
            table.HasOne<GroupRow>().WithMany().HasForeignKey(row => row.GroupId).OnDelete(DeleteBehavior.Cascade);
            table.HasOne<AccountRow>().WithMany().HasForeignKey(row => row.AccountId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<AppPasswordRow>(table =>
        {
            table.ToTable("app_passwords").HasKey(row => row.Id);
            table.HasOne<AccountRow>().WithMany().HasForeignKey(row => row.AccountId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<SignInRow>(table =>
        {
            table.ToTable("sign_ins").HasKey(row => row.Id);
            table.HasIndex(row => new { row.AccountId, row.Day });
            table.HasOne<AccountRow>().WithMany().HasForeignKey(row => row.AccountId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<PolicyRow>(table =>
        {
            table.ToTable("user_policies").HasKey(row => row.Id);
            table.HasIndex(row => row.NameKey).IsUnique();
        });
        model.Entity<PolicyTargetRow>(table =>
        {
            table.ToTable("user_policy_targets").HasKey(row => row.Id);
            table.HasOne<PolicyRow>().WithMany().HasForeignKey(row => row.PolicyId).OnDelete(DeleteBehavior.Cascade);
            table.HasOne<AccountRow>().WithMany().HasForeignKey(row => row.AccountId).OnDelete(DeleteBehavior.Cascade);
            table.HasOne<GroupRow>().WithMany().HasForeignKey(row => row.GroupId).OnDelete(DeleteBehavior.Cascade);
        });
    }
}
