using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace MailPlus.Engine.Database.Migrations.Sqlite.SystemTables
{
    /// <inheritdoc />
    public partial class UserPolicies : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "AttachmentMegabytes",
                table: "domains",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "DailyMegabytes",
                table: "domains",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "DailyMessages",
                table: "domains",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "ForbidsForwarding",
                table: "domains",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.CreateTable(
                name: "user_policies",
                columns: table => new
                {
                    Id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    Name = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    NameKey = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    Color = table.Column<int>(type: "INTEGER", nullable: false),
                    Position = table.Column<int>(type: "INTEGER", nullable: false),
                    Forwarding = table.Column<int>(type: "INTEGER", nullable: false),
                    Messages = table.Column<int>(type: "INTEGER", nullable: false),
                    MessagesValue = table.Column<long>(type: "INTEGER", nullable: false),
                    Traffic = table.Column<int>(type: "INTEGER", nullable: false),
                    TrafficValue = table.Column<long>(type: "INTEGER", nullable: false),
                    Attachment = table.Column<int>(type: "INTEGER", nullable: false),
                    AttachmentValue = table.Column<long>(type: "INTEGER", nullable: false),
                    InternalOnly = table.Column<bool>(type: "INTEGER", nullable: false),
                    Imap = table.Column<bool>(type: "INTEGER", nullable: false),
                    ImapLocalOnly = table.Column<bool>(type: "INTEGER", nullable: false),
                    Pop3 = table.Column<bool>(type: "INTEGER", nullable: false),
                    Pop3LocalOnly = table.Column<bool>(type: "INTEGER", nullable: false),
                    Search = table.Column<bool>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_user_policies", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "user_policy_targets",
                columns: table => new
                {
                    Id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    PolicyId = table.Column<long>(type: "INTEGER", nullable: false),
                    AccountId = table.Column<long>(type: "INTEGER", nullable: true),
                    GroupId = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_user_policy_targets", x => x.Id);
                    table.ForeignKey(
                        name: "FK_user_policy_targets_accounts_AccountId",
                        column: x => x.AccountId,
                        principalTable: "accounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_user_policy_targets_groups_GroupId",
                        column: x => x.GroupId,
                        principalTable: "groups",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_user_policy_targets_user_policies_PolicyId",
                        column: x => x.PolicyId,
                        principalTable: "user_policies",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_user_policies_NameKey",
                table: "user_policies",
                column: "NameKey",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_user_policy_targets_AccountId",
                table: "user_policy_targets",
                column: "AccountId");

            migrationBuilder.CreateIndex(
                name: "IX_user_policy_targets_GroupId",
                table: "user_policy_targets",
                column: "GroupId");

            migrationBuilder.CreateIndex(
                name: "IX_user_policy_targets_PolicyId",
                table: "user_policy_targets",
                column: "PolicyId");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "user_policy_targets");

            migrationBuilder.DropTable(
                name: "user_policies");

            migrationBuilder.DropColumn(
                name: "AttachmentMegabytes",
                table: "domains");

            migrationBuilder.DropColumn(
                name: "DailyMegabytes",
                table: "domains");

            migrationBuilder.DropColumn(
                name: "DailyMessages",
                table: "domains");

            migrationBuilder.DropColumn(
                name: "ForbidsForwarding",
                table: "domains");
        }
    }
}
